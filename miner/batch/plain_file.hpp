// Files that a user names in a list: read whole, within a limit. Blocking; any thread.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace miner {

// Links are followed. Nothing is allocated beyond max_bytes, and nothing waits for a pipe or a
// device to speak. Fails with BatchErrc::unreadable (also for what is no plain file) and too_large;
// the detail tells why, without the path.
config::Result<std::vector<std::uint8_t>> read_plain_file(const std::filesystem::path& path,
                                                          std::size_t max_bytes);

// Of its content, as 64 hex digits; fails with BatchErrc::unreadable.
config::Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace miner
