// Callers of the page and of /generate that attack.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <vector>

namespace endure {

// When others are asked to look, and the attack may end.
struct Moment {
    std::promise<void> in_place;  // set once, when the attack is all there
    std::future<void> over;
};

struct CallerAttack {
    std::string name;
    bool of_generate = false;  // else of the page of a miner at work
    std::function<void(std::uint16_t port, Moment& moment)> attack;
};

std::vector<CallerAttack> caller_attacks();

// A form of /generate with one file, or with one field where there is no file name.
std::string generate_call(const std::string& name, const std::string& filename,
                          const std::string& content, const std::string& headers = {});

}  // namespace endure
