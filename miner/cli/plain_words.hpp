// The words of a command line, less what CLI11 makes of them by habit.
#pragma once

#include <string>
#include <vector>

namespace miner {

// Two habits of CLI11 undone. "--log.json false" becomes "--log.json=false": its flags take no next
// word, and must not, or `--log.json generate` would lose its command. "--storage.path=" becomes
// two words, as it would take the next one otherwise. Without the program's own name.
std::vector<std::string> plain_words(int argc, const char* const* argv);

}  // namespace miner
