// What went wrong with a file. For storage/*.cpp.
#pragma once

#include "config/result.hpp"

#include <filesystem>

namespace storage {

// full, read_only or io, by the system's error, with what to do.
config::Error failed(int system_error, const std::filesystem::path& where);

// An error of config/durable_file, likewise.
config::Error failed(const config::Error& error, const std::filesystem::path& where);

}  // namespace storage
