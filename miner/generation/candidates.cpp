#include "miner/generation/candidates.hpp"

#include <algorithm>
#include <cmath>

namespace miner {
namespace {

// A sparser structure than that of the same picture or prompt has lost something.
constexpr double kMuchSparser = 0.8;
// More than gate.attempts can be, each of which may have a seed of its own.
constexpr std::uint64_t kSeedsOfTheGate = 100;

bool worse(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
    return a < b;
}

std::size_t highest_of(std::span<const Candidate> candidates) {
    const auto highest = std::max_element(
        candidates.begin(), candidates.end(),
        [](const auto& a, const auto& b) { return worse(a.predicted, b.predicted); });
    return std::size_t(highest - candidates.begin());
}

bool is_enough(const Candidate& candidate, const CandidatePlan& plan) {
    return plan.calibration.corrected(candidate.predicted) >= plan.settings.enough;
}

bool is_as_good(const Candidate& candidate, const Candidate& highest, const CandidatePlan& plan) {
    return highest.predicted - candidate.predicted < plan.calibration.error &&
           (is_enough(candidate, plan) || !is_enough(highest, plan));
}

}  // namespace

std::size_t best_of(std::span<const Candidate> candidates, const CandidatePlan& plan) {
    const auto highest = highest_of(candidates);
    auto best = highest;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (is_as_good(candidates[i], candidates[highest], plan) &&
            candidates[i].gaussians > candidates[best].gaussians)
            best = i;
    return best;
}

bool may_be_best(const Candidate& candidate, std::span<const Candidate> all,
                 const CandidatePlan& plan) {
    const auto& highest = all[highest_of(all)];
    return candidate.attempt == highest.attempt || is_as_good(candidate, highest, plan);
}

bool is_enough(std::span<const Candidate> candidates, const CandidatePlan& plan) {
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](const auto& each) { return is_enough(each, plan); });
}

bool is_promising(std::int64_t gaussians, std::int64_t densest, const config::Gate& gate) {
    if (gaussians >= gate.min_gaussians) return true;
    return densest < gate.min_gaussians && gaussians >= gate.floor &&
           double(gaussians) >= kMuchSparser * double(densest);
}

CandidateRecipe recipe_of(int number, std::uint64_t first_seed, bool words) {
    using enum storage::EnhancementChain;
    const auto chain = words ? prompt : number % 2 == 0 ? extreme : standard;
    return {chain, first_seed + kSeedsOfTheGate + std::uint64_t(number)};
}

}  // namespace miner
