#include "tests/miner/mining/pipeline_bench.hpp"

#include "storage/report.hpp"
#include "tests/support/catch.hpp"

#include <string>

using namespace tests;
using End = miner::Turn::End;
using storage::PredictedScore;

namespace {

constexpr std::int64_t kPlain = kTheirNow + 270, kPenalty = kTheirNow + 870;

std::string task_with(const std::string& id, const std::string& fields) {
    auto task = picture_task(id);
    task.pop_back();
    return task + "," + fields + "}";
}

// A validator as they are: 30 s in which nothing is won by being early, 0.6 to be accepted.
std::string usual_task(const std::string& id) {
    return says(task_with(id, R"("throttle_period":30,"validation_threshold":0.6)"));
}

struct Bench : PipelineBench {
    Bench() {
        scorer = std::make_shared<ScorerScript>();
        // A validator refuses what has fewer than 7000 Gaussians unseen.
        settings.gate.min_gaussians = 32'000;
        script->voxels = {1000};
        validator.submits = {says(feedback("0.83", kPlain)), says(feedback("0.83", kPlain))};
    }
    std::vector<PredictedScore> predicted() {
        return storage::predicted_scores(database(), {}).value();
    }
};

}  // namespace

TEST_CASE("a prediction is kept beside what the validator gave") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.3, 0.72};
    bench.script->voxels = {1100, 1000};
    bench.validator.pulls = {usual_task("a")};
    const auto turn = bench.turn();
    CHECK(turn.gaussians == 32'000);  // of what was sent, which is not the densest
    CHECK(turn.end == End::answered);
    CHECK(turn.predicted == 0.72);
    CHECK(turn.attempts == 2);
    CHECK_FALSE(turn.withheld);
    CHECK(bench.predictions == std::vector{0.3, 0.72});
    const auto pairs = bench.predicted();
    REQUIRE(pairs.size() == 1);
    CHECK(pairs[0].end == PredictedScore::End::accepted);
    CHECK(pairs[0].received == 0.83);
    CHECK(pairs[0].predicted.total == 0.72);
    CHECK(pairs[0].predicted.iqa == 0.5);
    CHECK(pairs[0].predicted.scorer == "fake");
    CHECK(pairs[0].threshold == 0.6);
    const auto counts = storage::statistics(bench.database(), {})->all;
    CHECK(counts.passed_at_once == 1);
    CHECK(counts.retries == 0);  // a candidate is none
    CHECK(counts.accepted == 1);
}

TEST_CASE("in place of a result that would be refused the empty one is sent") {
    Bench bench;
    bench.settings.candidates.most = 2;
    bench.scorer->totals = std::vector<double>{0.3, 0.4};
    bench.validator.pulls = {usual_task("a")};
    bench.validator.submits = {says(feedback("0.0", kPlain))};
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.outcome == storage::Outcome::rejected);
    CHECK(turn.withheld);
    CHECK(turn.bytes == 0);
    CHECK(bench.said("withheld"));
    CHECK(bench.number("SELECT withheld FROM tasks") == 2);
    CHECK(bench.number("SELECT bytes FROM submissions") == 0);
    CHECK(bench.predicted().at(0).end == PredictedScore::End::withheld);
    const auto counts = storage::statistics(bench.database(), {})->all;
    CHECK(counts.withheld == 1);
    CHECK(counts.rejected == 1);
    CHECK(counts.zero_scores == 0);
}

TEST_CASE("a validator that asks for more gets what it asks for, or nothing") {
    Bench bench;
    bench.settings.candidates.most = 3;
    bench.scorer->totals = std::vector<double>{0.7, 0.86};
    bench.validator.pulls = {
        says(task_with("a", R"("throttle_period":30,"validation_threshold":0.8)")),
        says(task_with("b", R"("throttle_period":30,"validation_threshold":-7)"))};
    const auto turn = bench.turn();
    CHECK(turn.predicted == 0.86);
    CHECK(turn.attempts == 2);
    CHECK(bench.predicted().at(0).threshold == 0.8);
    bench.turn();
    CHECK(bench.predicted().at(0).threshold == 0.6);  // what is no threshold is not believed
}

TEST_CASE("a validator that names no throttle period leaves no time for candidates") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.1};
    bench.validator.pulls = {says(picture_task("a"))};
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.outcome == storage::Outcome::passed);
    CHECK(turn.attempts == 1);
    CHECK_FALSE(turn.predicted);
    CHECK(bench.scorer->begun == 0);
}

TEST_CASE("a generation that took all the time goes out at once, unscored") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.1};
    bench.validator.pulls = {usual_task("a")};
    // 30 s less 8 for the way and 2 for the margin are gone by the second stage.
    bench.on_stage = [&](std::string_view stage) {
        if (stage == "splats") bench.boot_ms += 20'000;
    };
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.scorer->begun == 0);
    CHECK(bench.number("SELECT bytes FROM submissions") > 0);
}

TEST_CASE("candidates end when the time that the validator leaves is over") {
    Bench bench;
    bench.settings.candidates.withhold = "never";
    bench.scorer->totals = std::vector<double>{0.1};
    bench.validator.pulls = {usual_task("a")};
    int scored = 0;
    bench.on_stage = [&](std::string_view stage) {
        if (stage == "score" && ++scored == 3) bench.boot_ms += 20'000;
    };
    const auto turn = bench.turn();
    CHECK(turn.attempts == 3);
    CHECK(turn.end == End::answered);
}

TEST_CASE("of a task that is handed out again nobody knows when its time began: no candidates") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.1};
    bench.validator.pulls = {usual_task("a"), usual_task("a")};
    bench.on_stage = [&](std::string_view stage) {
        if (stage == "structure") bench.stop().now();
    };
    CHECK(bench.turn().end == End::stopped);
    bench.on_stage = {};
    bench.restart();
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.scorer->begun == 0);
}

TEST_CASE(
    "a result that is judged to be worth nothing is a refused prediction, a failed scoring none") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.9};
    bench.validator.pulls = {usual_task("a"), usual_task("b")};
    bench.validator.submits = {says(feedback("0.0", kPenalty)),
                               says(feedback("0.0", kPlain, true))};
    bench.turn();
    CHECK(bench.said("refused against prediction"));
    CHECK(bench.predicted().at(0).end == PredictedScore::End::refused);
    bench.turn();
    REQUIRE(bench.predicted().size() == 2);
    CHECK(bench.predicted().at(0).end == PredictedScore::End::waiting);
}

TEST_CASE("while one task's candidates are made, another may be pulled") {
    Bench bench;
    bench.settings.candidates.most = 2;
    bench.settings.candidates.withhold = "never";
    bench.scorer->totals = std::vector<double>{0.1};
    bench.validator.pulls = {usual_task("a")};
    bench.open();
    std::string order;
    bench.turn_with({.gate_decided = [&] { order += 'd'; }, .submitting = [&] { order += 's'; }});
    CHECK(order == "ds");
}
