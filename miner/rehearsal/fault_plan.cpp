#include "miner/rehearsal/fault_plan.hpp"

#include <cstdint>
#include <utility>

namespace miner {
namespace {

// A look that begins after the change sees it; when the next one begins, the miner is through with
// its answers.
constexpr int kLooksToNotice = 2;

}  // namespace

FaultPlan::FaultPlan(std::vector<std::string> faults, int tasks)
    : faults_(std::move(faults)), tasks_(tasks) {}

FaultPlan::Step FaultPlan::due(const Asked& asked) const {
    if (faults_.empty()) return Step::done;
    if (in_force_) return noticed(asked) ? Step::end : Step::wait;
    if (!looked(asked)) return Step::wait;
    if (at_ == faults_.size()) return Step::done;
    const auto share = std::int64_t(at_) * (tasks_ - 1) / std::int64_t(faults_.size());
    return asked.tasks > share ? Step::begin : Step::wait;
}

void FaultPlan::begun(Asked before, const Asked& after) {
    in_force_ = true;
    // A connection may come again while the old one is being cut, but what was asked meanwhile may
    // have been answered as before.
    then_ = after;
    then_.connections = before.connections;
}

void FaultPlan::ended(Asked after) {
    in_force_ = false;
    then_ = std::move(after);
    ++at_;
}

bool FaultPlan::looked(const Asked& asked) const {
    return asked.looks >= then_.looks + kLooksToNotice;
}

bool FaultPlan::noticed(const Asked& asked) const {
    const bool came_again = asked.connections > then_.connections;
    // Without blocks it does not look, but gives the node up.
    if (fault() == "stall") return came_again;
    if (fault() == "disconnect" && !came_again) return false;
    if (fault() == "move") {
        for (std::size_t i = 0; i < then_.pulls.size(); ++i)
            if (asked.pulls[i] <= then_.pulls[i]) return false;
    }
    return looked(asked);
}

}  // namespace miner
