// Whether a backend has room, as far as its refusals tell, and for how long it has had none. Pure:
// the time is passed in.
#pragma once

#include <chrono>
#include <optional>

namespace miner {

class Fullness {
public:
    using Time = std::chrono::steady_clock::time_point;

    // Refusals for as long as `long_while` are no passing thing.
    explicit Fullness(std::chrono::milliseconds long_while) : long_while_(long_while) {}

    // It refused a request for want of room, and will refuse more until then.
    void refused(Time now, Time until) {
        if (!since_ || is_stale(now)) {
            since_ = now;
            rounds_ = 0;
        }
        if (has_room(now)) ++rounds_;
        until_ = until;
    }
    // It has made what it was given.
    void made_one() {
        since_.reset();
        rounds_ = 0;
    }
    // It says that it has room.
    void over() {
        made_one();
        until_ = {};
    }

    // Whether a request may be given to it.
    bool has_room(Time now) const { return now >= until_; }
    // How often, one time after the other, it refused what was given to it in the hope of room.
    int rounds() const { return rounds_; }
    // Whether one refusal has followed the other for long. Not for good where nobody asks any more,
    // as then nobody would ever learn of room.
    bool is_long(Time now) const {
        return since_ && now - *since_ >= long_while_ && !is_stale(now);
    }

private:
    bool is_stale(Time now) const { return now >= until_ + long_while_; }

    std::chrono::milliseconds long_while_;
    std::optional<Time> since_;  // the first refusal after it had room
    Time until_{};
    int rounds_ = 0;
};

}  // namespace miner
