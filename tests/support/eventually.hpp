// Waiting in tests: for what happens when it happens, not for a time that a busy machine outlasts.
#pragma once

#include <chrono>
#include <thread>

namespace tests {

// Whatever takes so long hangs: shortly before ctest would end the test (TIMEOUT).
constexpr std::chrono::minutes kLongestWait{9};

// True as soon as `holds()` is, false after the longest wait.
template <class Predicate>
bool eventually(Predicate holds) {
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

}  // namespace tests
