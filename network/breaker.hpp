// Whether to ask a service at all: after a few failures in a row it is left alone for a while, then
// one request tries it again. Decides only; the clock is passed in.
#pragma once

#include <chrono>
#include <optional>

namespace network {

class Breaker {
public:
    using Clock = std::chrono::steady_clock;

    struct Settings {
        int failures = 3;                // in a row, until it opens
        std::chrono::seconds pause{60};  // how long it stays open
    };

    explicit Breaker(Settings settings) : settings_(settings) {}

    // False while open. After the pause one caller gets true, and the others wait for its outcome.
    bool allows(Clock::time_point now);

    void succeeded();
    void failed(Clock::time_point now);

private:
    Settings settings_;
    int failures_ = 0;
    std::optional<Clock::time_point> opened_;
};

}  // namespace network
