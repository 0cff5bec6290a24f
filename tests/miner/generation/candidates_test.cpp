#include "miner/generation/candidates.hpp"

#include "tests/support/catch.hpp"

#include <limits>
#include <set>
#include <utility>
#include <vector>

using miner::Candidate;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Error 0.05, enough 0.65.
const miner::CandidatePlan kPlan{.settings = {}, .calibration = {}, .left = {}};

}  // namespace

TEST_CASE("the candidate with the highest prediction is taken") {
    const std::vector<Candidate> candidates{{1, 900, 0.5}, {2, 100, 0.8}, {3, 800, 0.6}};
    CHECK(miner::best_of(candidates, kPlan) == 1);
}

TEST_CASE("predictions closer than their error are equal, and the densest of them is taken") {
    const std::vector<Candidate> candidates{{1, 300, 0.71}, {2, 200, 0.74}, {3, 900, 0.68}};
    CHECK(miner::best_of(candidates, kPlan) == 0);  // 0.68 is 0.06 below the best
    auto sure = kPlan;
    sure.calibration.error = 0.01;
    CHECK(miner::best_of(candidates, sure) == 1);
}

TEST_CASE("a denser candidate that is not enough does not take the place of one that is") {
    const std::vector<Candidate> candidates{{1, 900, 0.64}, {2, 100, 0.66}};
    CHECK(miner::best_of(candidates, kPlan) == 1);
    const std::vector<Candidate> neither{{1, 900, 0.62}, {2, 100, 0.64}};
    CHECK(miner::best_of(neither, kPlan) == 0);
}

TEST_CASE("a candidate over whose score a validator fails is taken only where there is no other") {
    const std::vector<Candidate> some{{1, 900, kNan}, {2, 100, 0.1}, {3, 900, kNan}};
    CHECK(miner::best_of(some, kPlan) == 1);
    CHECK_FALSE(miner::may_be_best(some[0], some, kPlan));
    CHECK(miner::may_be_best(some[1], some, kPlan));
    const std::vector<Candidate> none{{1, 900, kNan}, {2, 100, kNan}};
    CHECK(miner::best_of(none, kPlan) == 0);
    CHECK_FALSE(miner::is_enough(none, kPlan));
}

TEST_CASE("whatever comes later, a candidate that may not be best is never chosen") {
    std::vector<Candidate> all;
    std::set<int> dropped;
    for (int i = 0; i < 60; ++i) {
        // Scattered, without an order.
        all.push_back({i, (i * 37) % 101, 0.4 + ((i * 29) % 53) * 0.008});
        for (const auto& each : all)
            if (!miner::may_be_best(each, all, kPlan)) dropped.insert(each.attempt);
        CHECK(dropped.count(all[miner::best_of(all, kPlan)].attempt) == 0);
    }
    CHECK(dropped.size() > 40);
}

TEST_CASE("what is enough is told by the corrected prediction") {
    const std::vector<Candidate> candidates{{1, 900, 0.62}};
    CHECK_FALSE(miner::is_enough(candidates, kPlan));
    auto modest = kPlan;
    modest.calibration.offset = 0.04;
    CHECK(miner::is_enough(candidates, modest));
}

TEST_CASE("a structure is finished that reaches the gate, or is as dense as can be had") {
    config::Gate gate;
    gate.min_gaussians = 1000;
    gate.floor = 100;
    CHECK(miner::is_promising(1000, 5000, gate));
    CHECK_FALSE(miner::is_promising(999, 1000, gate));  // a denser one passed
    CHECK(miner::is_promising(500, 600, gate));
    CHECK_FALSE(miner::is_promising(500, 700, gate));
    CHECK(miner::is_promising(100, 0, gate));
    CHECK_FALSE(miner::is_promising(99, 0, gate));
}

TEST_CASE("no candidate repeats an attempt of the gate or another candidate") {
    using Recipe = std::pair<storage::EnhancementChain, std::uint64_t>;
    for (const bool words : {false, true}) {
        std::set<Recipe> seen;
        std::set<storage::EnhancementChain> chains;
        for (int number = 2; number <= 64; ++number) {
            const auto recipe = miner::recipe_of(number, 7, words);
            CHECK(recipe.seed >= 7 + 10);  // the gate has ten attempts at most
            CHECK(seen.emplace(recipe.chain, recipe.seed).second);
            chains.insert(recipe.chain);
        }
        CHECK(chains.size() == (words ? 1 : 2));
    }
}
