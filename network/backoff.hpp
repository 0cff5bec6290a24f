// When to try again. Decides only: it never sleeps, reads no clock and draws no random number by
// itself, so a test of a day of outages takes a microsecond.
#pragma once

#include <chrono>

namespace network {

class Backoff {
public:
    struct Settings {
        std::chrono::milliseconds first{500};
        std::chrono::milliseconds longest{60'000};
        double jitter =
            0.2;  // a delay is drawn from [1 - jitter, 1 + jitter] times the nominal one
    };

    explicit Backoff(Settings settings) : settings_(settings) {}

    // Delay before the next try; doubles with each failure in a row. `random` in [0, 1).
    std::chrono::milliseconds after_failure(double random);

    // A success forgets all failures.
    void after_success() { failures_ = 0; }

    int failures() const { return failures_; }

private:
    Settings settings_;
    int failures_ = 0;
};

}  // namespace network
