#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"

#include <set>
#include <utility>
#include <vector>

using Bench = tests::ProductionBench;
using storage::Outcome;
using tests::holds;
using tests::small_gate;
using namespace std::chrono_literals;

TEST_CASE("of a dense structure splats are made at once") {
    Bench bench;
    bench.script->voxels = {100};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(result.splats.size() == 3200);
    CHECK(bench.script->stage1_runs == 1);
    CHECK(bench.script->stage2_runs == 1);
    CHECK(holds(bench.line("passed"), "attempt=1 gaussians=3200 gate=3200 ms="));
    REQUIRE(result.attempts.size() == 1);
    CHECK(result.attempts[0].chain == storage::EnhancementChain::standard);
    CHECK(result.attempts[0].times.latent == 4);
    CHECK(result.attempts[0].times.prepare >= 0);
    CHECK(bench.stages == std::vector<std::string>{"decode", "prepare", "structure", "splats"});
}

TEST_CASE("a sparse structure is made again from the original picture, enhanced to the extreme") {
    Bench bench;
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.splats.size() == 3840);
    CHECK(bench.script->stage2_runs == 1);  // stage 2 runs once, on the winner
    CHECK(holds(bench.line("sparse"), "attempt=1 gaussians=3168 gate=3200 ms="));
    CHECK(holds(bench.line("retry"), "attempt=2"));
    CHECK(holds(bench.line("retry successful"), "attempt=2 gaussians=3840"));
    REQUIRE(bench.attempts.size() == 2);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::sparse);
    CHECK(bench.attempts[1].chain == storage::EnhancementChain::extreme);
    CHECK(bench.attempts[1].outcome == storage::AttemptOutcome::passed);
    CHECK(bench.script->pictures[0].pixels != bench.script->pictures[1].pixels);
    CHECK(bench.script->seeds == std::vector<std::uint64_t>{7, 7});
}

TEST_CASE("a sparse prompt is made again with another seed, and not enhanced") {
    Bench bench;
    bench.request = generator::Prompt{"a red chair"};
    bench.settings.enhance.applies_to = "structure";
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.splats.size() == 3840);
    CHECK(bench.script->prompts == std::vector<std::string>{"a red chair", "a red chair"});
    CHECK(bench.script->pictures.empty());
    CHECK_FALSE(bench.script->repainted);
    CHECK(bench.script->seeds == std::vector<std::uint64_t>{7, 8});
    REQUIRE(bench.attempts.size() == 2);
    CHECK(bench.attempts[0].chain == storage::EnhancementChain::prompt);
    CHECK(bench.attempts[1].chain == storage::EnhancementChain::prompt);
    CHECK(bench.attempts[1].route == storage::Route::prompt);
    CHECK(bench.attempts[1].seed == 8);
    CHECK(bench.attempts[1].times.prepare < 0);
    CHECK(bench.stages == std::vector<std::string>{"structure", "structure", "splats"});
    CHECK(holds(bench.line("retry successful"), "attempt=2 gaussians=3840"));
}

TEST_CASE("no attempt repeats another: with more than two, a picture gets other seeds, too") {
    using Tried = std::pair<storage::EnhancementChain, std::uint64_t>;
    const auto tried = [](Bench& bench) {
        bench.settings.gate.attempts = 4;
        bench.script->voxels = {20, 30, 40, 50};
        bench.produce();
        std::vector<Tried> all;
        for (const auto& each : bench.attempts) all.emplace_back(each.chain, each.seed);
        REQUIRE(all.size() == 4);
        CHECK(bench.script->seeds ==
              std::vector{all[0].second, all[1].second, all[2].second, all[3].second});
        CHECK(std::set<Tried>(all.begin(), all.end()).size() == all.size());
        return all;
    };
    using enum storage::EnhancementChain;
    Bench picture;
    CHECK(tried(picture) ==
          std::vector<Tried>{{standard, 7}, {extreme, 7}, {extreme, 8}, {extreme, 9}});
    Bench words;
    words.request = generator::Prompt{"a red chair"};
    CHECK(tried(words) == std::vector<Tried>{{prompt, 7}, {prompt, 8}, {prompt, 9}, {prompt, 10}});
}

TEST_CASE("several pictures are each enhanced and cropped, and go to the model together") {
    Bench bench;
    bench.request = miner::MultiImage{{tests::small_png(), tests::small_png()},
                                      generator::Views::Mode::averaged};
    bench.settings.enhance.applies_to = "structure";
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    REQUIRE(bench.script->views.size() == 2);
    for (const auto& views : bench.script->views.get()) {
        CHECK(views.mode == generator::Views::Mode::averaged);
        REQUIRE(views.pictures.size() == 2);
        for (const auto& picture : views.pictures) CHECK(picture.width == 16);
    }
    CHECK(bench.script->repainted);
    CHECK(bench.attempts[1].chain == storage::EnhancementChain::extreme);
    CHECK(bench.attempts[1].route == storage::Route::picture);

    bench.request = miner::MultiImage{{tests::small_png(), {1, 2, 3}}, {}};
    CHECK(bench.produce().outcome == Outcome::error);
}

TEST_CASE("what the model does not take is an error that says so") {
    Bench bench;
    bench.settings.gate.attempts = 1;
    bench.script->takes_pictures = false;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "not what this checkpoint takes"));
    bench.script->takes_prompts = false;
    bench.request = generator::Prompt{"a red chair"};
    CHECK(bench.produce().outcome == Outcome::error);
}

TEST_CASE("a retry that is better but sparse is used with a warning") {
    Bench bench;
    bench.script->voxels = {20, 50};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.splats.size() == 1600);
    CHECK(holds(bench.line("retry improved"), "WARN"));
}

TEST_CASE("a retry that does not help is rejected, and nothing is made of it") {
    Bench bench;
    bench.script->voxels = {50, 40};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::rejected);
    CHECK(result.splats.size() == 0);
    CHECK(bench.script->stage2_runs == 0);
    CHECK(holds(bench.line("rejected"), "attempt=2 gaussians=1280"));
}

TEST_CASE("an empty structure counts as sparse, not as an error") {
    Bench bench;
    bench.script->voxels = {0, 100};
    CHECK(bench.produce().outcome == Outcome::retry_passed);
    CHECK(bench.attempts[0].gaussians == 0);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::sparse);
}

TEST_CASE("a failed attempt is retried, and two of them are an error with its reason") {
    Bench bench;
    bench.script->voxels = {-1, 100};
    CHECK(bench.produce().outcome == Outcome::retry_passed);
    Bench hopeless;
    hopeless.script->voxels = {-1};
    const auto result = hopeless.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "as scripted"));
    CHECK(hopeless.attempts.size() == 2);
    CHECK(holds(hopeless.line("attempt failed"), "as scripted"));
}

TEST_CASE("a lost device ends the production at once") {
    Bench bench;
    bench.script->voxels = {-1};
    bench.script->failure = generator::Errc::device_lost;
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::device_lost);
    CHECK(bench.script->stage1_runs == 1);
}

TEST_CASE("what is no picture is an error before anything is generated") {
    Bench bench;
    bench.request = std::vector<std::uint8_t>{1, 2, 3};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "not a picture"));
    CHECK(bench.script->stage1_runs == 0);
}

TEST_CASE("a deadline and a stop both cancel the work") {
    Bench late;
    late.script->voxels = {100};
    late.script->delay = 10s;
    late.settings.generator.deadline = 0s;
    const auto given_up = late.produce();
    CHECK(given_up.given_up());
    CHECK(given_up.end == miner::GenerationResult::End::late);
    CHECK(holds(given_up.detail, "generator.deadline"));
    Bench stopped;
    stopped.script->voxels = {100};
    stopped.script->delay = 10s;
    stopped.stop.request_stop();
    const auto result = stopped.produce();
    CHECK(result.given_up());
    CHECK(result.end == miner::GenerationResult::End::stopped);
    CHECK(result.outcome == Outcome::none);
}

TEST_CASE("a wrong chain is refused before the work") {
    auto settings = small_gate();
    settings.enhance.extreme = {"sharpen:2"};
    const auto options = miner::read_generation_config(settings);
    REQUIRE_FALSE(options.has_value());
    CHECK(options.error().code == generator::Errc::bad_operation);
}
