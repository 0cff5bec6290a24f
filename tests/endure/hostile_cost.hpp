// What an attack costs the application, as operators run it: its memory and its cores beside those
// of a twin that is left in peace for as long, and the time with whom it came from.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace endure {

// Of ops/docs/endurance.md. Neither depends on how busy the machine is.
inline constexpr long kMostMemory_kb = 64 << 10;
inline constexpr double kMostCpu_s = 1;
inline constexpr int kMostCooldowns = 1;
// Of a chain's node, which the operator chose: an answer as long as 65,535 neurons take, twice.
inline constexpr long kMostMemoryOfNode_kb = 96 << 10;

struct Cost {
    std::string attack;
    long memory_kb = 0;  // peak, beyond the twin's
    double cpu_s = 0;    // user and system, likewise
    int cooldowns = 0;   // until the same validator was worked for; 0 where none attacks
    std::vector<std::string> broken;  // what did not hold, limits included
};

// "validator: JSON of empty lists", "chain: ...", "page: ...", "generate: ...".
std::vector<std::string> attacks();

// Fails with `broken`; a name that is none is.
Cost cost_of(const std::string& attack);

}  // namespace endure
