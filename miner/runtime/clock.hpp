// What the miner tells time by; tests bring clocks of their own.
#pragma once

#include "config/unix_time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace miner {

// Time since the machine started (CLOCK_BOOTTIME). Whatever the miner itself waits for or measures
// goes by it: the clock of the day jumps when it is corrected, and std::chrono::steady_clock stands
// still while the machine sleeps.
struct BootClock {
    using duration = std::chrono::milliseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now();
};

struct Clocks {
    std::function<BootClock::time_point()> boot = BootClock::now;
    std::function<std::int64_t()> unix_ns = config::unix_ns;

    std::int64_t unix_ms() const { return unix_ns() / 1'000'000; }
};

}  // namespace miner
