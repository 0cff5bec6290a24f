// Unix time by this machine's clock: for records, signatures and what others say. It jumps when it
// is corrected, so nothing is waited for or measured by it.
#pragma once

#include <chrono>
#include <cstdint>

namespace config {

inline std::int64_t unix_ns() {
    return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

inline std::int64_t unix_ms() { return unix_ns() / 1'000'000; }

}  // namespace config
