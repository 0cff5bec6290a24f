// What the database does not take for so long that it becomes much.
#include "tests/miner/mining/pipeline_bench.hpp"

#include "miner/mining/late_steps.hpp"
#include "tests/support/catch.hpp"

#include <optional>

using namespace tests;
using namespace std::chrono_literals;
using Bench = PipelineBench;
using End = miner::Turn::End;

constexpr std::int64_t kPlain = kTheirNow + 270;  // the cool-down after a result was taken

TEST_CASE("after a long outage all is recorded, in order, before the next pull or at the end") {
    const bool stops = GENERATE(false, true);
    CAPTURE(stops);
    constexpr int kPulls = 3 * int(miner::LateSteps::kAtOnce);
    Bench bench;
    bench.busy_wait = 1ms;
    bench.open();
    std::optional<Outsider::Hold> held;
    bench.validator.pulls = {says(picture_task("a"))};
    for (int i = 0; i < kPulls; ++i) bench.validator.pulls.push_back(says(cooling_down(kPlain)));
    bench.validator.pulls.push_back(says(picture_task("b")));
    bench.validator.submits = {says(feedback("0.83", kPlain)), says(feedback("0.84", kPlain))};
    bench.validator.submitting = [&] {
        if (!held && bench.validator.pulled() == 1) held.emplace(bench.outsider().hold());
    };
    CHECK(bench.turn().end == End::answered);
    for (int i = 0; i < kPulls; ++i) CHECK(bench.turn().end == End::no_task);
    held.reset();
    CHECK(bench.word("SELECT state FROM tasks") == "submitting");
    if (stops)
        bench.finish();
    else
        CHECK(bench.turn().end == End::answered);
    CHECK_FALSE(bench.said("records lost"));
    CHECK(bench.number("SELECT calls FROM validators") == kPulls + (stops ? 1 : 2));
    CHECK(bench.word("SELECT state FROM tasks WHERE task_id = 'a'") == "answered");
    CHECK(bench.word("SELECT score FROM feedback ORDER BY task LIMIT 1") == "0.83");
    CHECK(bench.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == (stops ? 1 : 2));
}
