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

config::Result<void> LateSteps::take(Step step) {
    if (auto caught_up = catch_up(); !caught_up) {
        keep(std::move(step));
        return caught_up;
    }
    auto made = step();
    if (!made && may_pass(made.error())) keep(std::move(step));
    return made;
}

config::Result<void> LateSteps::catch_up() {
    while (!steps_.empty()) {
        auto made = steps_.front()();
        if (!made && may_pass(made.error())) return made;
        steps_.pop_front();
    }
    return {};
}

void LateSteps::keep(Step step) {
    if (steps_.size() < kMost) steps_.push_back(std::move(step));
}

}  // namespace miner
