#include "miner/generation/production.hpp"

#include "generator/splat/spz.hpp"
#include "tests/miner/generation/production_bench.hpp"
#include "tests/miner/serving.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/detached.hpp>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

using storage::AttemptOutcome;
using storage::Outcome;
using tests::holds;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// Plenty of time unless a test says otherwise: what ends a round is then what the test is about.
struct Bench : tests::ProductionBench {
    Bench() { want_candidates(4); }
    void scores(std::vector<double> totals) { scorer->totals = std::move(totals); }
    // Time runs from when it is first asked for, so that it does not matter how quick the machine
    // is.
    std::function<std::chrono::milliseconds()> time_of(std::chrono::milliseconds all) {
        return [all, begin = std::optional<std::chrono::steady_clock::time_point>()]() mutable {
            if (!begin) begin = std::chrono::steady_clock::now();
            const auto gone = std::chrono::steady_clock::now() - *begin;
            return std::chrono::duration_cast<std::chrono::milliseconds>(all - gone);
        };
    }
    std::int64_t submitted(const miner::GenerationResult& result) const {
        if (!result.encoded) return std::int64_t(result.splats.size());
        return std::int64_t(generator::read_spz_as_validator(*result.encoded->spz)->size());
    }
};

}  // namespace

TEST_CASE("a first result that is predicted to be accepted is taken, and no other is made") {
    Bench bench;
    bench.scores({0.7});
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    REQUIRE(result.attempts.size() == 1);
    CHECK_FALSE(result.attempts[0].candidate);
    CHECK(result.attempts[0].predicted.value().total == 0.7);
    CHECK(result.attempts[0].predicted->scorer == "fake");
    CHECK(bench.submitted(result) == 32000);
    CHECK(result.splats.size() == 0);
    CHECK(bench.gate_decided);
    CHECK(holds(bench.line("scored"), "attempt=1 gaussians=32000 predicted=0.7"));
}

TEST_CASE("whoever watches is given the splats of each result that is scored, chosen or not") {
    Bench bench;
    bench.scores({0.3, 0.72});
    bench.script->voxels = {1000, 1100};
    CHECK(bench.produce().attempt == 2);
    CHECK(bench.splats == std::vector<std::pair<int, std::size_t>>{{1, 32000}, {2, 35200}});
}

TEST_CASE("candidates of other seeds are made until one is enough, and the best is chosen") {
    Bench bench;
    bench.scores({0.3, 0.5, 0.72});
    bench.script->voxels = {1000, 1100, 1200};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);  // the first attempt reached the gate
    CHECK(result.attempt == 3);
    REQUIRE(result.attempts.size() == 3);
    CHECK(bench.submitted(result) == 38400);
    for (const auto i : {1u, 2u}) {
        CHECK(result.attempts[i].candidate);
        CHECK(result.attempts[i].times.latent == 4);
        CHECK(result.attempts[i].times.compress >= 0);
    }
    CHECK(result.attempts[1].chain != result.attempts[2].chain);
    REQUIRE(bench.attempts.size() == 3);  // told as each ended, and again with its prediction
    REQUIRE(bench.completed.size() == 3);
    CHECK(bench.completed[2].predicted.value().total == 0.72);
    CHECK(bench.script->stage2_runs == 3);
    CHECK(holds(bench.line("candidate chosen"), "attempt=3 of=3 predicted=0.72"));
}

TEST_CASE("without a scorer, or with candidates off, nothing is done beyond the gate") {
    Bench off;
    off.plan->settings.most = 1;
    off.scores({0.1});
    const auto result = off.produce();
    CHECK(result.splats.size() == 32000);
    CHECK_FALSE(result.encoded);
    CHECK(off.scorer->conditions.empty());
    CHECK_FALSE(off.gate_decided);

    Bench none;
    none.plan.reset();
    CHECK(none.produce().splats.size() == 32000);
    CHECK(none.stages == off.stages);
}

TEST_CASE("no more than candidates.most are finished, and the best of them is taken") {
    Bench bench;
    bench.scores({0.2, 0.4, 0.3, 0.1});
    const auto result = bench.produce();
    CHECK(result.attempts.size() == 4);
    CHECK(result.attempt == 2);
    CHECK(bench.scorer->begun == 4);
}

TEST_CASE("a structure that is sparser than what passed is not finished") {
    Bench bench;
    bench.scores({0.2, 0.7});
    bench.script->voxels = {1000, 900, 950, 1300};
    const auto result = bench.produce();
    CHECK(result.attempt == 4);
    CHECK(bench.script->stage1_runs == 4);
    CHECK(bench.script->stage2_runs == 2);
    CHECK(result.attempts[1].outcome == AttemptOutcome::sparse);
    CHECK_FALSE(result.attempts[1].predicted);
}

TEST_CASE("a thin thing that the gate rejects is submitted where its prediction is good") {
    Bench bench;
    bench.scores({0.8});
    bench.script->voxels = {500, 400};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.attempt == 1);  // the denser of the two
    CHECK(bench.submitted(result) == 16000);
    REQUIRE(result.attempts.size() == 2);
    CHECK_FALSE(result.attempts[0].candidate);
}

TEST_CASE("a candidate that reaches the gate saves a task that the gate rejected") {
    Bench bench;
    bench.scores({0.3, 0.8});
    bench.script->voxels = {500, 400, 1100};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 3);
    CHECK(bench.submitted(result) == 35200);
}

TEST_CASE("what is below the floor stays rejected, without a prediction") {
    Bench bench;
    bench.script->voxels = {249, 240};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::rejected);
    CHECK(result.attempt == 0);
    CHECK_FALSE(result.has_splats());
    CHECK(bench.scorer->begun == 0);
    CHECK(bench.script->stage1_runs == 2 + 3 * 4);  // structures alone, and not for ever
}

TEST_CASE("a prompt's candidates have seeds of their own, and are compared with the prompt") {
    Bench bench;
    bench.request = generator::Prompt{"a red chair"};
    bench.scores({0.2, 0.7});
    const auto result = bench.produce();
    CHECK(result.attempt == 2);
    CHECK(result.attempts[1].chain == storage::EnhancementChain::prompt);
    CHECK(bench.script->seeds.at(0) != bench.script->seeds.at(1));
    const auto asked = bench.scorer->conditions.at(0);
    CHECK(std::get<generator::Prompt>(asked).text == "a red chair");
}

TEST_CASE("with no time left the first result goes out as it is, unscored") {
    Bench bench;
    bench.plan->left = [] { return 0ms; };
    const auto result = bench.produce();
    CHECK(result.splats.size() == 32000);
    CHECK(bench.scorer->conditions.empty());
    bench.plan->left = [] { return -20s; };
    CHECK(bench.produce().splats.size() == 32000);
}

TEST_CASE("no candidate is begun that would not be ready in time") {
    Bench bench;
    bench.scores({0.2});
    // Time goes by as the production asks for it; a candidate of the fake takes 10 ms by its own
    // account, so that less than that is not enough.
    int asked = 0;
    bench.plan->left = [&]() -> std::chrono::milliseconds { return asked++ == 0 ? 5min : 8ms; };
    const auto result = bench.produce();
    CHECK(result.attempt == 1);
    CHECK(bench.script->stage1_runs == 1);
    CHECK(result.encoded.has_value());
}

TEST_CASE("a candidate on a device that has become slow is given up when time is over") {
    Bench bench;
    bench.scores({0.2});
    // The device hangs from the second structure on, until it is told to stop.
    bench.plan->left = [&, time = bench.time_of(2s)]() mutable {
        if (bench.script->stage1_runs > 0) bench.script->held = true;
        return time();
    };
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(bench.submitted(result) == 32000);
    CHECK(result.attempts.size() == 1);
}

TEST_CASE("a scorer that hangs holds no result back beyond its time") {
    Bench bench;
    bench.scorer->held = true;
    bench.plan->left = [] { return 50ms; };
    // The predictor waits for its lane at the end: the test lets it go once the result is there.
    bench.released_at_end = true;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(bench.submitted(result) == 32000);
    CHECK_FALSE(result.attempts[0].predicted);
    CHECK(holds(bench.line("not scored"), "not there in time"));
}

TEST_CASE("a scorer that fails leaves what the gate chose") {
    Bench bench;
    SECTION("at the request") {
        bench.scorer->no_query = true;
        CHECK(bench.produce().splats.size() == 32000);
    }
    SECTION("at the first score") {
        bench.scorer->fails_from = 0;
        CHECK(bench.submitted(bench.produce()) == 32000);
    }
    SECTION("at the second score") {
        bench.scores({0.2});
        bench.scorer->fails_from = 1;
        const auto result = bench.produce();
        CHECK(result.attempt == 1);
        CHECK(bench.submitted(result) == 32000);
    }
    CHECK(bench.line("not scored") != "");
}

TEST_CASE("a candidate that fails leaves the best so far") {
    Bench bench;
    bench.scores({0.2});
    bench.script->voxels = {1000, -1};
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::decided);
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(bench.submitted(result) == 32000);
    CHECK(holds(bench.line("candidate failed"), "as scripted"));
}

TEST_CASE("a candidate with sick splats is no candidate") {
    Bench bench;
    bench.settings.gate.min_opacity_spread = 0.05;
    bench.scores({0.2, 0.9});
    bench.script->dull = std::vector<bool>{false, true, false};
    const auto result = bench.produce();
    CHECK(result.attempt == 3);
    CHECK(result.attempts[1].outcome == AttemptOutcome::unhealthy);
    CHECK_FALSE(result.attempts[1].predicted);
}

TEST_CASE("a score that is no number is worse than any, and enough for nobody") {
    Bench bench;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    bench.scores({nan, 0.1, nan, nan});
    const auto result = bench.produce();
    CHECK(result.attempt == 2);
    CHECK(bench.scorer->begun == 4);
    CHECK(std::isnan(result.attempts[0].predicted.value().total));
}

TEST_CASE("a remote backend makes candidates, too") {
    tests::Serving server;
    server.script->voxels = {1000, 1100};
    server.start();
    Bench bench;
    bench.settings.generator.device = "none";
    bench.settings.generator.remote = {server.url()};
    bench.plan->settings.most = 2;
    bench.scores({0.2, 0.7});
    const auto result = bench.produce();
    tests::Serving::stop_all({&server});
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 2);
    CHECK(bench.submitted(result) == 35200);
    const auto seeds = server.script->seeds.get();
    REQUIRE(seeds.size() == 2);
    CHECK(seeds[0] != seeds[1]);
}

TEST_CASE("a remote backend that falls silent over a candidate holds no result back") {
    tests::Serving server;
    server.script->voxels = {1000};
    server.start();
    Bench bench;
    bench.settings.generator.device = "none";
    bench.settings.generator.remote = {server.url()};
    bench.scores({0.2});
    bench.plan->left = [&, time = bench.time_of(3s)]() mutable {
        if (server.script->stage1_runs > 0) server.script->held = true;
        return time();
    };
    const auto result = bench.produce();
    server.script->held = false;
    tests::Serving::stop_all({&server});
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(bench.submitted(result) == 32000);
}

TEST_CASE("another task's first result goes before a candidate") {
    Bench bench;
    bench.scores({0.2, 0.7});
    std::optional<miner::GenerationResult> other;
    bench.beside = [&](asio::io_context& io, miner::Production& production) {
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                miner::GenerationRequest request = tests::small_png();
                miner::Production::Watch watch{.task = "t2"};
                other = co_await production.produce(std::move(request), 50, {}, std::move(watch));
            },
            asio::detached);
    };
    const auto result = bench.produce();
    CHECK(result.attempt == 2);
    REQUIRE(other);
    CHECK(other->outcome == Outcome::passed);
    const auto seeds = bench.script->seeds.get();
    REQUIRE(seeds.size() == 3);
    CHECK(seeds[1] == 50);
}

TEST_CASE("a stop in the middle of candidates keeps the best so far") {
    Bench bench;
    bench.scores({0.2});
    bench.plan->left = [&]() -> std::chrono::milliseconds {
        if (bench.scorer->begun > 0) bench.stop.request_stop();
        return 5min;
    };
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::decided);
    CHECK(result.attempt == 1);
    CHECK(bench.submitted(result) == 32000);
}
