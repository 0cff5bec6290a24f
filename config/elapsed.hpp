// Time that has gone by on the steady clock, which is monotonic.
#pragma once

#include <chrono>

namespace config {

inline double milliseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

inline double seconds_since(std::chrono::steady_clock::time_point begin) {
    return milliseconds_since(begin) / 1e3;
}

}  // namespace config
