// What is done to a picture before it is generated from: the cut, and which of its forms paints.
#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"

using Bench = tests::ProductionBench;
using storage::Outcome;
using tests::holds;
using tests::opaque_png;

TEST_CASE("with enhance.applies_to = structure the picture as it came paints the splats") {
    Bench bench;
    bench.script->voxels = {100};
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK_FALSE(bench.script->repainted);
    bench.settings.enhance.applies_to = "structure";
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.script->repainted);
}

TEST_CASE("a picture is cut out where it has no transparency, or as the setting says") {
    const auto cut_outs = [](const char* matting, std::vector<std::uint8_t> picture) {
        Bench bench;
        bench.script->voxels = {100};
        bench.settings.generator.matting = matting;
        bench.request = std::move(picture);
        CHECK(bench.produce().outcome == Outcome::passed);
        return bench.script->cut_outs.load();
    };
    CHECK(cut_outs("auto", tests::small_png()) == 0);
    CHECK(cut_outs("auto", opaque_png()) == 1);
    CHECK(cut_outs("always", tests::small_png()) == 1);
    CHECK(cut_outs("never", opaque_png()) == 0);
}

TEST_CASE("where no object can be told from its background, auto goes on with all of it") {
    Bench bench;
    bench.script->voxels = {100};
    bench.script->bad_mask = true;
    bench.request = opaque_png();
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(holds(bench.line("not cut out"), "bad mask"));
}

TEST_CASE("a bad mask is an error of the attempt when the cut was asked for") {
    Bench bench;
    bench.script->voxels = {100};
    bench.script->bad_mask = true;
    bench.settings.generator.matting = "always";
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "bad mask"));
    REQUIRE(bench.attempts.size() == 1);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::error);
    CHECK(holds(bench.attempts[0].error, "bad mask"));
    CHECK(bench.script->stage1_runs == 0);
}
