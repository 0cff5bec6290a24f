// What stands in a file's place when a download or a clone went half-way. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace generator {

// "this is a git-lfs pointer, not the file: ..." or "this is an HTML page, not the file: ...", each
// with what to do; empty when it is neither. Looks at the beginning alone.
std::string mistaken_for(std::span<const std::uint8_t> bytes);

}  // namespace generator
