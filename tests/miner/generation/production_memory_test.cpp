// A GPU whose memory runs out: in one task, in its candidates, and in task after task.
#include "miner/generation/production.hpp"
#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using generator::Errc;
using storage::Outcome;
using tests::holds;

namespace {

struct Bench : tests::ProductionBench {
    Bench() {
        want_candidates(4);
        plan.reset();
        script->failure = Errc::out_of_memory;
        scorer->failure = Errc::out_of_memory;
        scorer->totals = std::vector<double>{0.3};
    }
    void with_candidates() { want_candidates(4); }
};

}  // namespace

TEST_CASE("splats that had no room are made at the second try, and the task goes on") {
    Bench bench;
    bench.script->full = std::vector<bool>{true, false};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.splats.size() == 32000);
    CHECK(bench.script->stage2_runs == 2);
    CHECK_FALSE(result.ran_out_of_memory());
}

TEST_CASE("splats that find no room twice end the task as an error that names the settings") {
    Bench bench;
    bench.script->full = std::vector<bool>{true};
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::decided);
    CHECK(result.outcome == Outcome::error);
    CHECK(bench.script->stage2_runs == 2);
    CHECK(result.ran_out_of_memory());
    CHECK(holds(result.detail, "out of memory"));
    CHECK(holds(bench.line("out of memory"), "generator.dtype"));
}

TEST_CASE("a cut that had no room is made at the second try, and the task goes on") {
    Bench bench;
    bench.request = tests::opaque_png();
    bench.script->no_room_to_cut = std::vector<bool>{true, false};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(bench.script->cut_outs == 2);
    CHECK_FALSE(result.ran_out_of_memory());
}

TEST_CASE("of several pictures only the one that had no room is cut out once more") {
    Bench bench;
    bench.settings.generator.matting = "always";
    bench.request = miner::MultiImage{{tests::small_png(), tests::small_png()}};
    bench.script->no_room_to_cut = std::vector<bool>{false, true, false};
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.script->cut_outs == 3);
}

TEST_CASE("a cut that finds no room twice ends the task as an error") {
    Bench bench;
    bench.request = tests::opaque_png();
    bench.script->no_room_to_cut = std::vector<bool>{true};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(bench.script->cut_outs == 2);
    CHECK(bench.script->stage1_runs == 0);
    CHECK(result.ran_out_of_memory());
}

TEST_CASE("a structure that had no room is made at the second try, by the same attempt") {
    Bench bench;
    bench.settings.gate.attempts = 1;  // as another miner's call has it
    bench.script->voxels = {-1, 1000};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    REQUIRE(result.attempts.size() == 1);
    CHECK(result.attempts[0].chain == storage::EnhancementChain::standard);
    CHECK(result.attempts[0].times.prepare >= 0);
    CHECK(bench.script->stage1_runs == 2);
    CHECK_FALSE(result.ran_out_of_memory());
}

TEST_CASE("a structure that finds no room twice is tried again as the gate tries what fails") {
    Bench bench;
    bench.script->voxels = {-1, -1, 1000};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.ran_out_of_memory());
}

TEST_CASE("a scorer that has no room costs its prediction, not the task") {
    Bench bench;
    bench.with_candidates();
    bench.scorer->fails_from = 0;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.has_splats());
    CHECK(result.ran_out_of_memory());
    REQUIRE(result.attempts.size() == 1);
    CHECK_FALSE(result.attempts[0].predicted);
    CHECK(holds(bench.line("not scored"), "out of memory"));
}

TEST_CASE("a candidate that has no room costs itself alone") {
    Bench bench;
    bench.with_candidates();
    SECTION("in its structure") { bench.script->voxels = {1000, -1}; }
    SECTION("in its splats") { bench.script->full = std::vector<bool>{false, true}; }
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(result.has_splats());
    CHECK(result.attempts[0].predicted.value().total == 0.3);
    CHECK(result.ran_out_of_memory());
    CHECK(holds(bench.line("candidate failed"), "out of memory"));
}

TEST_CASE("giving up candidates keeps no result waiting for what the scorer is at") {
    Bench bench;
    bench.with_candidates();
    bench.tasks = miner::MemoryWatch::kPatience;
    bench.script->voxels = {-1};
    bench.scorer->asks_held = true;
    std::atomic<bool> produced = false;
    bool answered = false, answered_before = true;
    const auto ask = [&](miner::Predictor& predictor) -> asio::awaitable<void> {
        const miner::GenerationRequest request = tests::small_png();
        const miner::Predictor::Patience patience{.until = std::chrono::steady_clock::now() +
                                                           std::chrono::hours(1)};
        auto asking = predictor.ask(request, patience);
        const auto query = co_await std::move(asking);
        CHECK(query.has_value());
        answered = true;
    };
    bench.at_start = [&](asio::io_context& io, miner::Predictor& predictor) {
        asio::co_spawn(io, ask(predictor),
                       [](std::exception_ptr failure) { CHECK_FALSE(failure); });
    };
    bench.at_end = [&] {
        answered_before = answered;
        produced = true;
    };
    // Results that waited for it would be there in the end, too.
    std::thread release([&] {
        tests::eventually([&] { return produced.load(); });
        bench.scorer->asks_held = false;
    });
    const auto result = bench.produce();
    release.join();
    CHECK_FALSE(answered_before);
    CHECK(answered);
    CHECK(result.outcome == Outcome::error);
    CHECK(std::any_of(bench.lines.begin(), bench.lines.end(),
                      [](const auto& line) { return holds(line, "candidates are off"); }));
}
