// Times on the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace miner {

// "90m", "24h", "7d", "2w" before `now`, or "2026-11-23[T14:00[:00]][Z]" in UTC -> Unix
// milliseconds. Empty: neither.
std::optional<std::int64_t> parse_moment(std::string_view text,
                                         std::chrono::system_clock::time_point now);

}  // namespace miner
