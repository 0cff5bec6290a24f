#include "miner/mining/late_steps.hpp"

#include "storage/errc.hpp"

#include <utility>

namespace miner {

bool LateSteps::may_pass(const config::Error& error) {
    using enum storage::Errc;
    for (const auto code : {cannot_open, locked, full, read_only, io})
        if (error.code == code) return true;
    return false;
}

LateSteps::Taken LateSteps::take(Step step) {
    if (auto caught_up = catch_up(); !caught_up) return {caught_up, keep(std::move(step))};
    auto made = step();
    const bool waits = !made && may_pass(made.error()) && keep(std::move(step));
    return {std::move(made), waits};
}

config::Result<void> LateSteps::catch_up() {
    while (!steps_.empty()) {
        auto made = steps_.front()();
        if (!made && may_pass(made.error())) return made;
        steps_.pop_front();
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
