#include "miner/mining/late_steps.hpp"

#include "storage/errc.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace miner {
namespace {

// A step that will never be made. One that cannot follow what is on record has nothing to add to
// it; any other is missing there.
bool is_lost(const config::Result<void>& made) {
    using enum storage::Errc;
    return !made && made.error().code != out_of_order && made.error().code != missing;
}

}  // namespace

bool LateSteps::may_pass(const config::Error& error) {
    using enum storage::Errc;
    for (const auto code : {cannot_open, locked, full, read_only, io})
        if (error.code == code) return true;
    return false;
}

LateSteps::Taken LateSteps::take(Step step) {
    if (auto caught_up = catch_up(); !caught_up || !steps_.empty())
        return {caught_up, keep(std::move(step))};
    auto made = step();
    const bool waits = !made && may_pass(made.error()) && keep(std::move(step));
    return {std::move(made), waits};
}

config::Result<void> LateSteps::catch_up() {
    const auto count = std::min(steps_.size(), kAtOnce);
    if (count == 0) return {};
    bool begun = false;
    std::size_t lost = 0;
    const auto together = together_([&]() -> config::Result<void> {
        begun = true;
        lost = 0;
        for (std::size_t i = 0; i < count; ++i) {
            auto made = steps_[i]();
            if (!made && may_pass(made.error())) return made;
            lost += is_lost(made);
        }
        return {};
    });
    if (together) {
        steps_.erase(steps_.begin(), steps_.begin() + std::ptrdiff_t(count));
        lost_ += lost;
    }
    if (together || !begun) return together;
    // One that the disk does not take undoes those before it, which it may take one by one.
    for (std::size_t i = 0; i < count; ++i) {
        auto made = steps_.front()();
        if (!made && may_pass(made.error())) return made;
        steps_.pop_front();
        lost_ += is_lost(made);
    }
    return {};
}

bool LateSteps::keep(Step step) {
    if (steps_.size() >= kMost) {
        ++lost_;
        return false;
    }
    steps_.push_back(std::move(step));
    return true;
}

}  // namespace miner
