// Steps of the journal that a disk did not take: they wait, in order, until it takes them again, so
// that a full disk or a locked database loses no record of this run. Thousands are made in
// portions, between which whatever else needs the lane has its turn. On lanes.db.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace miner {

class LateSteps {
public:
    // Owns whatever it needs; may be called again after it failed or was undone.
    using Step = std::function<config::Result<void>()>;

    // Journal::together(): what `several` makes is one transaction.
    using Together = std::function<config::Result<void>(const Step& several)>;

    static constexpr std::size_t kMost = 10'000;  // beyond, a step is lost
    static constexpr std::size_t kAtOnce = 64;    // by one call

    explicit LateSteps(Together together) : together_(std::move(together)) {}

    struct Taken {
        config::Result<void> made;
        // Not made yet: it will be once the disk takes it or, when nothing failed, by the next
        // calls of catch_up().
        bool waits = false;
    };

    // Makes a portion of those that wait, and the step after the last of them. Fails as these or
    // the step do; then it waits, too, unless it never could succeed or kMost wait already.
    Taken take(Step step);

    // Makes a portion of those that wait, up to the first that fails: waiting() tells whether there
    // are more. What cannot follow any more is left out.
    config::Result<void> catch_up();

    std::size_t waiting() const { return steps_.size(); }
    // Steps that there was no room to wait for, and those that waited for a database that then was
    // found damaged.
    std::size_t lost() const { return lost_; }

    // Whether the same step may succeed later.
    static bool may_pass(const config::Error& error);

private:
    bool keep(Step step);

    Together together_;
    std::deque<Step> steps_;
    std::size_t lost_ = 0;
};

}  // namespace miner
