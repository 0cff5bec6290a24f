// Hours or days of a miner's life, in one process on virtual time: the program as operators run it,
// and a world in which everything happens to it that a seed draws.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace endure {

struct DaysFigures {
    std::map<std::string, std::int64_t> numbers;  // by what they count
    std::vector<std::string> curve;               // what grows, a line for each sample
    std::vector<std::string> broken;              // what did not hold; empty: all is well
};

enum class DaysKind {
    faults,      // all that may happen
    pulls,       // as many as two slots can work off
    reconnects,  // a chain that hangs up every half minute
};

// What the miner is made to do wrong, by which a story is to break.
enum class DaysFlaw {
    none,
    ends,   // in the middle, with the code of a start that finds no disk
    leaks,  // a descriptor with each attempt at a task
};

// Once in a process, which ends by itself where time cannot go on. Then, as in all that is broken,
// the words name the seed and the time.
// `more`: flags of the miner besides.
DaysFigures days_story(DaysKind kind, std::uint32_t seed, std::chrono::minutes length,
                       DaysFlaw flaw, std::vector<std::string> more);

}  // namespace endure
