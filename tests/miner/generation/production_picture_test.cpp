// What is done to a picture before it is generated from: the cut, and which of its forms paints.
#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

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

TEST_CASE("a picture is enhanced once for each chain, however many attempts take it") {
    Bench bench;
    bench.settings.gate.attempts = 4;
    bench.script->voxels = {20, 30, 40, 50};
    // Grey that each chain brings elsewhere.
    bench.request = opaque_png();
    bench.settings.generator.matting = "never";
    bench.settings.enhance.standard = {"brightness:1.5"};
    bench.settings.enhance.extreme = {"brightness:2"};
    const auto result = bench.produce();
    REQUIRE(result.attempts.size() == 4);
    CHECK(std::count(bench.stages.begin(), bench.stages.end(), "prepare") == 2);
    const auto pictures = bench.script->pictures.get();
    REQUIRE(pictures.size() == 4);
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const bool standard = result.attempts[i].chain == storage::EnhancementChain::standard;
        INFO("attempt " << i + 1);
        CHECK(std::abs(int(pictures[i].pixels.at(0)) - (standard ? 135 : 180)) <= 1);
        CHECK((result.attempts[i].times.prepare >= 0) == (i < 2));  // where it ran
    }
    CHECK(result.attempts[1].chain == result.attempts[2].chain);
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

TEST_CASE("pictures without an object are named, and those beside them are cut out all the same") {
    Bench bench;
    bench.script->voxels = {100};
    bench.request = miner::MultiImage{{opaque_png(), opaque_png(), opaque_png()}, {}};
    SECTION("the first") {
        bench.script->no_object = [](int number) { return number == 0; };
        CHECK(bench.produce().outcome == Outcome::passed);
        CHECK(bench.script->cut_outs == 3);
        const auto line = bench.line("not cut out");
        CHECK(holds(line, "bad mask: picture 1 of 3: as scripted"));
        CHECK_FALSE(holds(line, "picture 2"));
        const auto views = bench.script->views.at(0);
        REQUIRE(views.pictures.size() == 3);
        CHECK(views.pictures[0].pixels != views.pictures[1].pixels);
        CHECK(views.pictures[1].pixels == views.pictures[2].pixels);
    }
    SECTION("the first and the last") {
        bench.script->no_object = [](int number) { return number != 1; };
        CHECK(bench.produce().outcome == Outcome::passed);
        CHECK(bench.script->cut_outs == 3);
        CHECK(holds(bench.line("not cut out"),
                    "picture 1 of 3: as scripted; picture 3 of 3: as scripted"));
        const auto views = bench.script->views.at(0);
        REQUIRE(views.pictures.size() == 3);
        CHECK(views.pictures[0].pixels == views.pictures[2].pixels);
        CHECK(views.pictures[0].pixels != views.pictures[1].pixels);
    }
    SECTION("where all must be cut out, the first ends it") {
        bench.settings.generator.matting = "always";
        bench.script->no_object = [](int number) { return number > 0; };
        const auto result = bench.produce();
        CHECK(result.bad_input());
        CHECK(holds(result.detail, "picture 2 of 3"));
        CHECK(bench.script->cut_outs == 2);
    }
}

TEST_CASE("a bad mask is an error of the attempt when the cut was asked for") {
    Bench bench;
    bench.script->voxels = {100};
    bench.script->bad_mask = true;
    bench.settings.generator.matting = "always";
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(result.bad_input());
    CHECK(holds(result.detail, "bad mask"));
    REQUIRE(bench.attempts.size() == 1);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::error);
    CHECK(holds(bench.attempts[0].error, "bad mask"));
    CHECK(bench.script->stage1_runs == 0);
}

TEST_CASE("a picture is enhanced and cropped once for each enhancement, however many attempts") {
    Bench bench;
    bench.script->voxels = {100};
    bench.settings.enhance.applies_to = "structure";
    bench.scorer->totals = std::vector<double>{0.1};
    bench.settings.candidates.most = 5;
    bench.plan = {.settings = bench.settings.candidates, .calibration = {}, .left = [] {
                      return std::chrono::minutes(5);
                  }};
    const auto prepared = [&] {
        return std::count(bench.stages.begin(), bench.stages.end(), "prepare");
    };
    SECTION("on a CPU, where it is needed") {
        bench.produce();
        CHECK(prepared() == 2);
    }
    SECTION("on a GPU, while that is at the first structure") {
        bench.script->device = "cuda:0";
        bench.produce();
        CHECK(prepared() == 1);
    }
    const auto pictures = bench.script->pictures.get();
    REQUIRE(pictures.size() == 5);
    CHECK(pictures[0].pixels == pictures[2].pixels);
    CHECK(pictures[1].pixels == pictures[3].pixels);
    CHECK(pictures[0].pixels != pictures[1].pixels);
    CHECK(bench.script->repainted);
}
