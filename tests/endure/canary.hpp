// Looks for secrets where they must not be: in files, in texts, in the memory of a process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace endure {

// A form in which a secret could show.
struct Canary {
    std::string what, bytes;
};

// Of a plain key file (JSON of bittensor-wallet): words, seed and private key, as digits of either
// case and as bytes, the halves of the private key too.
std::vector<Canary> canaries_of(std::string_view key_file);

// What of them is in the text.
std::vector<std::string> found_in(std::string_view text, const std::vector<Canary>& canaries);

struct MemoryScan {
    std::size_t bytes = 0;            // that were looked at, and may be dumped or swapped out
    std::vector<std::string> found;   // there, each with its place
    std::vector<std::string> locked;  // in pages that are neither
};

// All readable memory of a process of ours, which runs on meanwhile. Throws when it is not ours.
MemoryScan scan_memory(pid_t process, const std::vector<Canary>& canaries);

}  // namespace endure
