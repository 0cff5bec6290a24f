// What the splats of stage 2 are like, and what the gate makes of it.
#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"

#include <cmath>

using Bench = tests::ProductionBench;
using storage::Outcome;
using tests::holds;

TEST_CASE("what stage 2 makes is measured, with nothing left out") {
    Bench bench;
    bench.script->voxels = {100};
    const auto result = bench.produce();
    const auto& health = result.attempts[0].health;
    CHECK(health.invisible == 0);
    CHECK(result.splats.size() == 3200);
    CHECK(health.opacity_mean == Approx(0.7).epsilon(1e-2));
    CHECK(health.opacity_spread == Approx(0.4 / std::sqrt(12)).epsilon(1e-2));
    CHECK(health.extent == Approx(1).epsilon(1e-2));
}

TEST_CASE("splats that break a limit of the gate make room for the next attempt") {
    Bench bench;
    bench.script->voxels = {100, 120};
    bench.script->dull = {true, false};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.splats.size() == 3840);
    CHECK(result.detail.empty());
    REQUIRE(result.attempts.size() == 2);
    CHECK(result.attempts[0].outcome == storage::AttemptOutcome::unhealthy);
    CHECK(holds(result.attempts[0].error, "gate.min_opacity_spread"));
    CHECK(result.attempts[0].health.opacity_spread == Approx(0).margin(1e-6));
    CHECK(result.attempts[1].outcome == storage::AttemptOutcome::passed);
    CHECK(holds(bench.line("unhealthy"), "WARN"));
    CHECK(bench.attempts.size() == 2);  // told once each
}

TEST_CASE("when no attempt is fit nothing is submitted, and the reason stays") {
    Bench bench;
    bench.script->voxels = {100, 120};
    bench.script->dull = {true};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::rejected);
    CHECK(result.attempt == 0);
    CHECK(result.splats.size() == 0);
    CHECK(holds(result.detail, "gate.min_opacity_spread"));
    CHECK(bench.script->stage2_runs == 2);
}

TEST_CASE("a sparse attempt is still there when the one that passed turns out unfit") {
    Bench bench;
    bench.settings.gate.attempts = 3;
    bench.script->voxels = {20, 120, 50};
    bench.script->dull = {true, false};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.attempt == 3);
    CHECK(result.splats.size() == 1600);
}
