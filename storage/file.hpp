// What went wrong with a file. For storage/*.cpp.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace storage {

// full, read_only or io, by the system's error, with what to do.
config::Error failed(int system_error, const std::filesystem::path& where);

// An error of config/durable_file, likewise.
config::Error failed(const config::Error& error, const std::filesystem::path& where);

// The whole of a plain file. Zero, or the system's error. A short file (somebody cut it) comes back
// short.
int read_all(int descriptor, std::vector<std::uint8_t>& bytes);

}  // namespace storage
