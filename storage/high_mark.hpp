// A number that only grows, in a file of its own: what it was raised to survives a power cut, and
// of several processes the highest counts. Synchronous. The file has 16 bytes: the number, little
// endian, and its complement.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace storage {

// Empty when there is no file, or it is not as raise_mark() leaves it. Fails with read_only, io.
config::Result<std::optional<std::int64_t>> read_mark(const std::filesystem::path& file);

// The number is at least `value` from here on; a file that is none of ours is written over. Its
// folder must be there. Fails with full, read_only, io.
config::Result<void> raise_mark(const std::filesystem::path& file, std::int64_t value);

}  // namespace storage
