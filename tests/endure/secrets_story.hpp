// A miner that signs, is looked at from all sides, and crashes: its key shows nowhere.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace endure {

struct SecretsFigures {
    std::size_t memory = 0;           // bytes of it that were looked through
    std::size_t files = 0;            // with all that they hold
    std::size_t answers = 0;          // of the page
    std::vector<std::string> broken;  // empty: all is well
};

// Mines two tasks with the log at its loudest, answers on its page, is backed up, and ends by this
// signal of a fault. `sealed`: the key file has a password, which the environment holds.
SecretsFigures secrets_story(int signal, bool sealed);

}  // namespace endure
