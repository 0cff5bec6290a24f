// What validators say of results, when it cannot be.
#include "tests/miner/mining/pipeline_bench.hpp"

#include "storage/report.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace tests;
using Bench = PipelineBench;
using End = miner::Turn::End;

namespace {

constexpr std::int64_t kPlain = kTheirNow + 270;  // the cool-down after a result was taken

}  // namespace

TEST_CASE("a score that is no share of 1 is no score") {
    Bench bench;
    const std::vector<std::string> scores{"0.8", "1e300", "-5", "1.0000001", "-1e-9", "0.6"};
    for (const auto& score : scores) {
        bench.validator.pulls.push_back(says(picture_task("for " + score)));
        bench.validator.submits.push_back(says(feedback(score, kPlain)));
    }
    for (const auto& score : scores) {
        CAPTURE(score);
        const bool is_score = score == "0.8" || score == "0.6";
        const auto turn = bench.turn();
        CHECK(turn.end == End::answered);
        CHECK(turn.score == (is_score ? std::stod(score) : -1));
    }
    const auto counted = storage::statistics(bench.database(), {})->all;
    REQUIRE(counted.mean_score.has_value());
    CHECK(*counted.mean_score == Approx(0.7));
    CHECK(counted.accepted == 2);
    CHECK(counted.zero_scores == 0);
    CHECK(counted.not_scored == 4);
    // Four of them are not told of four times.
    CHECK(std::count_if(bench.lines.begin(), bench.lines.end(), [](const std::string& line) {
              return line.find("score out of range") != line.npos;
          }) == 1);
    CHECK(bench.said("score=1e+300"));
}

TEST_CASE("a validator's word of rewards and ratings is bounded, and so are their sums") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {
        says(R"({"feedback":{"task_fidelity_score":0.8,"average_fidelity_score":-7e200,)"
             R"("current_duel_rating":-1e308,"current_miner_reward":1e308},"cooldown_until":)" +
             std::to_string(kPlain) + "}")};
    CHECK(bench.turn().end == End::answered);
    CHECK(storage::statistics(bench.database(), {})->all.reward == 1e9);
    CHECK(bench.number("SELECT average_score = 0 AND duel_rating = 0 FROM feedback") == 1);
}
