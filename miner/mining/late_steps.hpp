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

    // Makes the step after those that wait. Fails as these or the step do; then it waits, too,
    // unless it never could succeed.
    config::Result<void> take(Step step);

    // Makes those that wait, up to the first that fails. What cannot follow any more is left out.
    config::Result<void> catch_up();

    std::size_t waiting() const { return steps_.size(); }

    // Whether the same step may succeed later.
    static bool may_pass(const config::Error& error);

private:
    void keep(Step step);

    std::deque<Step> steps_;
};

}  // namespace miner
