// Steps of the journal that a disk did not take: they wait, in order, until it takes them again, so
// that a full disk or a locked database loses no record of this run. On lanes.db.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace miner {

class LateSteps {
public:
    // Owns whatever it needs; may be called again after it failed.
    using Step = std::function<config::Result<void>()>;

    static constexpr std::size_t kMost = 10'000;  // beyond, a step is lost

    struct Taken {
        config::Result<void> made;
        bool waits = false;  // not made, and it will be once the disk takes it
    };

    // Makes the step after those that wait. Fails as these or the step do; then it waits, too,
    // unless it never could succeed or kMost wait already.
    Taken take(Step step);

    // Makes those that wait, up to the first that fails. What cannot follow any more is left out.
    config::Result<void> catch_up();

    std::size_t waiting() const { return steps_.size(); }
    // Steps that there was no room to wait for.
    std::size_t lost() const { return lost_; }

    // Whether the same step may succeed later.
    static bool may_pass(const config::Error& error);

private:
    bool keep(Step step);

    std::deque<Step> steps_;
    std::size_t lost_ = 0;
};

}  // namespace miner
