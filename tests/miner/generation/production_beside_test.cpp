// A GPU makes the next candidate while the last one is encoded and scored.
#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

using generator::Errc;
using storage::Outcome;
using tests::holds;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

struct Bench : tests::ProductionBench {
    explicit Bench(const char* device = "cuda:0") {
        want_candidates(4);
        script->device = device;
        scorer->totals = std::vector<double>{0.2};
    }
    // The first score ends once the second structure has begun.
    void score_beside_structure() {
        scorer->may_end = [this](int) { return script->stage1_runs >= 2; };
    }
    // That structure ends only when it is told to.
    void keep_second_structure() {
        script->at_stage1 = [this](int number) { script->held = number == 1; };
    }
};

struct Told {
    int number;
    storage::EnhancementChain chain;
    std::uint64_t seed;
    std::int64_t gaussians;
    storage::AttemptOutcome outcome;
    bool candidate;
    double predicted;

    bool operator==(const Told&) const = default;
};

std::vector<Told> told(const std::vector<storage::Attempt>& attempts) {
    std::vector<Told> all;
    for (const auto& each : attempts)
        all.push_back({each.number, each.chain, each.seed, each.gaussians, each.outcome,
                       each.candidate, each.predicted ? each.predicted->total : -1});
    return all;
}

}  // namespace

TEST_CASE("while a GPU's result is scored the next candidate is made") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.2, 0.3, 0.4, 0.1};
    // None of them would ever end if candidates were made one after the other.
    bench.scorer->may_end = [&](int number) {
        return bench.script->stage2_runs >= std::min(number + 2, 4);
    };
    const auto result = bench.produce();
    CHECK(result.attempt == 3);
    CHECK(result.attempts.size() == 4);
    CHECK(bench.scorer->begun == 4);
}

TEST_CASE("a GPU makes no more than one candidate ahead of those that are scored") {
    Bench bench;
    bench.plan->settings.most = 8;
    bench.scorer->may_end = [&](int number) {
        return bench.script->stage2_runs >= std::min(number + 2, 8);
    };
    std::atomic<int> most = 0;
    bench.script->at_stage2 = [&](int number) {
        most = std::max(most.load(), number + 1 - bench.scorer->ended);
    };
    CHECK(bench.produce().attempts.size() == 8);
    CHECK(most == 2);
}

TEST_CASE("a CPU, which scoring needs as well, makes one candidate after the other") {
    Bench bench("cpu");
    std::atomic<int> ahead = 0;
    bench.script->at_stage1 = [&](int number) { ahead += number - bench.scorer->ended; };
    CHECK(bench.produce().attempts.size() == 4);
    CHECK(ahead == 0);
}

TEST_CASE("what is made beside comes out as if it was made one after the other") {
    std::function<void(Bench&)> script;
    SECTION("enough at once") {
        script = [](Bench& bench) { bench.scorer->totals = std::vector<double>{0.7}; };
    }
    SECTION("enough later, others denser") {
        script = [](Bench& bench) {
            bench.scorer->totals = std::vector<double>{0.3, 0.5, 0.72};
            bench.script->voxels = {1000, 1300, 1200, 1400};
        };
    }
    SECTION("never enough") {
        script = [](Bench& bench) {
            bench.scorer->totals = std::vector<double>{0.2, 0.4, 0.3, 0.1};
        };
    }
    SECTION("sparse ones between") {
        script = [](Bench& bench) {
            bench.scorer->totals = std::vector<double>{0.2, 0.4, 0.5};
            bench.script->voxels = {1000, 900, 1100, 950, 0, 1300, 1200};
        };
    }
    SECTION("thin things") {
        script = [](Bench& bench) {
            bench.scorer->totals = std::vector<double>{0.3, 0.5, 0.4};
            bench.script->voxels = {500, 400, 450, 200, 600};
        };
    }
    SECTION("sick splats") {
        script = [](Bench& bench) {
            bench.settings.gate.min_opacity_spread = 0.05;
            bench.scorer->totals = std::vector<double>{0.2, 0.3, 0.4};
            bench.script->dull = std::vector<bool>{false, true, false, false};
        };
    }
    SECTION("a candidate that fails") {
        script = [](Bench& bench) { bench.script->voxels = {1000, 1100, -1}; };
    }
    SECTION("a scorer that fails") {
        script = [](Bench& bench) { bench.scorer->fails_from = 2; };
    }
    Bench one_by_one("cpu"), beside;
    script(one_by_one);
    script(beside);
    const auto expected = one_by_one.produce(), result = beside.produce();
    CHECK(result.outcome == expected.outcome);
    CHECK(result.attempt == expected.attempt);
    REQUIRE(result.encoded);
    CHECK(*result.encoded->spz == *expected.encoded->spz);
    CHECK(told(result.attempts) == told(expected.attempts));
    CHECK(told(beside.attempts) == told(one_by_one.attempts));
    CHECK(told(beside.completed) == told(one_by_one.completed));
}

TEST_CASE("a candidate that was made ahead of a result that is enough is dropped") {
    Bench bench;
    bench.scorer->totals = std::vector<double>{0.7};
    bench.scorer->may_end = [&](int) { return bench.script->stage2_runs >= 2; };
    const auto result = bench.produce();
    CHECK(result.attempt == 1);
    CHECK(result.attempts.size() == 1);
    CHECK(bench.attempts.size() == 1);
    CHECK(bench.scorer->begun == 1);
}

TEST_CASE("what a GPU is at is ended, and waited for, when no more candidates are wanted") {
    Bench bench;
    bench.score_beside_structure();
    bench.keep_second_structure();
    SECTION("as the first is enough") {
        bench.scorer->totals = std::vector<double>{0.7};
        CHECK(bench.produce().attempts.at(0).predicted.value().total == 0.7);
    }
    SECTION("as the scorer fails") {
        bench.scorer->fails_from = 0;
        const auto result = bench.produce();
        CHECK(result.attempt == 1);
        CHECK(result.encoded);
        CHECK(bench.line("not scored") != "");
    }
    SECTION("as the first cannot be recorded") {
        bench.at_completed = [](const storage::Attempt&) { throw std::runtime_error("no disk"); };
        CHECK_THROWS_WITH(bench.produce(), "no disk");
    }
    CHECK(bench.script->stage1_runs == 2);
    CHECK(bench.at_work_at_end == 0);
    CHECK(bench.line("candidate failed") == "");
}

TEST_CASE("a stop, and the end of time, end what a GPU and its scorer are at together") {
    Bench bench;
    bench.scorer->held = true;
    bench.released_at_end = true;
    bench.keep_second_structure();
    SECTION("a stop") {
        asio::io_context* io = nullptr;
        bench.beside = [&](asio::io_context& context, miner::Production&) { io = &context; };
        bench.script->at_stage1 = [&](int number) {
            bench.script->held = number == 1;
            if (number == 1) asio::post(*io, [&] { bench.stop.request_stop(); });
        };
        CHECK(bench.produce().attempt == 1);
        CHECK(bench.script->stage1_runs == 2);
    }
    SECTION("the end of time") {
        bench.plan->left = [] { return 200ms; };
        CHECK(bench.produce().attempt == 1);
    }
    CHECK(bench.at_work_at_end == 0);
    CHECK(bench.attempts.size() == 1);
}

TEST_CASE("a candidate that fails while the last one is scored costs that one nothing") {
    Bench bench;
    bench.score_beside_structure();
    SECTION("in its structure") { bench.script->voxels = {1000, -1}; }
    SECTION("as the device is lost") {
        bench.script->voxels = {1000, -1};
        bench.script->failure = Errc::device_lost;
    }
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempts.size() == 1);
    CHECK(result.attempts[0].predicted.value().total == 0.2);
    CHECK(bench.line("candidate failed") != "");
}

TEST_CASE("a bug in a candidate's device work comes home, and its scorer is not waited for") {
    Bench bench;
    bench.scorer->held = true;
    bench.released_at_end = true;
    bench.script->at_stage1 = [](int number) {
        if (number == 1) throw std::runtime_error("as scripted");
    };
    CHECK_THROWS_WITH(bench.produce(), "as scripted");
    CHECK(bench.at_work_at_end == 0);
}

TEST_CASE("where a score has no room beside a candidate both are made one after the other") {
    Bench bench;
    bench.score_beside_structure();
    bench.scorer->totals = std::vector<double>{0.0, 0.3, 0.4, 0.35, 0.1};
    bench.scorer->full = std::vector<bool>{true, false};
    std::atomic<int> beside = 0;
    bench.script->at_stage1 = [&](int number) {
        if (number > 1) beside += bench.scorer->begun - bench.scorer->ended;
    };
    const auto result = bench.produce();
    REQUIRE(result.attempts.size() == 4);
    CHECK(result.attempts[0].predicted.value().total == 0.3);
    CHECK(result.attempt == 2);
    CHECK_FALSE(result.ran_out_of_memory());
    CHECK(beside == 0);
    CHECK(holds(bench.line("candidates one by one"), "score.device"));
}

TEST_CASE("a score that has no room alone either costs its prediction, not the task") {
    Bench bench;
    bench.score_beside_structure();
    bench.scorer->full = std::vector<bool>{true};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.encoded);
    CHECK(result.ran_out_of_memory());
    CHECK(result.attempts.size() == 1);
    CHECK_FALSE(result.attempts[0].predicted);
    CHECK(bench.scorer->begun == 2);
}

TEST_CASE("where a candidate has no room beside a score it is made once that has ended") {
    Bench bench;
    bench.plan->settings.most = 2;
    bench.scorer->totals = std::vector<double>{0.2, 0.7};
    SECTION("its structure") {
        bench.score_beside_structure();
        bench.script->voxels = {1000, -1, 1100};
        bench.script->failure = Errc::out_of_memory;
    }
    SECTION("its splats") {
        bench.scorer->may_end = [&](int) { return bench.script->stage2_runs >= 2; };
        bench.script->voxels = {1000, 1100};
        bench.script->full = std::vector<bool>{false, true, false};
    }
    std::atomic<int> beside = 0;
    const auto once_more = [&](int number) {
        if (number > 1) beside += bench.scorer->begun - bench.scorer->ended;
    };
    bench.script->at_stage1 = bench.script->at_stage2 = once_more;
    const auto result = bench.produce();
    CHECK(result.attempt == 2);
    REQUIRE(result.attempts.size() == 2);
    CHECK(result.attempts[1].gaussians == 35200);
    CHECK_FALSE(result.ran_out_of_memory());
    CHECK(beside == 0);
}
