// The candidates of a production: more results than the gate asks for, of which the best is chosen
// by its predicted score, in time that costs nothing.
#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "miner/generation/deadline.hpp"
#include "miner/generation/production.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace miner {
namespace {

using storage::AttemptOutcome;
using Clock = std::chrono::steady_clock;

// No candidate takes just as long as another.
constexpr double kAllowance = 1.2;
// Structures that are not worth finishing come besides those that are.
constexpr int kStructuresForEach = 3;
constexpr const char* kUnscored =
    "the best so far goes out, or what the gate let pass; if it happens often, see `miner check` "
    "and candidates.window";

std::vector<Candidate> candidates_of(const auto& ready) {
    std::vector<Candidate> candidates;
    for (const auto& each : ready) candidates.push_back(each.candidate);
    return candidates;
}

}  // namespace

asio::awaitable<void> Production::make_candidates(GenerationResult& result, CandidateRound& round) {
    const auto left = round.plan.left();
    const bool decided = result.end == GenerationResult::End::decided &&
                         (result.has_splats() || result.outcome == storage::Outcome::rejected);
    if (!decided || left.count() <= 0) co_return;
    const Deadline deadline(co_await asio::this_coro::executor, round.routed.stop, left);
    round.patience = {.until = deadline.at(), .stop = deadline.token()};
    if (!co_await begin_round(result, round)) {
        result.ran_out_of_memory |= round.work.ran_out_of_memory;
        co_return;
    }

    round.work.attempts = std::move(result.attempts);
    bool goes_on = co_await take_up_gate_result(result, round);
    const int most = round.plan.settings.most;
    const int last = int(round.work.attempts.size()) + kStructuresForEach * most;
    while (goes_on && round.finished < most && int(round.work.attempts.size()) < last &&
           !is_enough(candidates_of(round.ready), round.plan) &&
           double(round.plan.left().count()) > kAllowance * round.longest_ms)
        goes_on = co_await try_candidate(round);
    result.attempts = std::move(round.work.attempts);
    result.ran_out_of_memory |= round.work.ran_out_of_memory;
    choose(result, round);
}

// False when there is nothing to compare candidates with.
asio::awaitable<bool> Production::begin_round(const GenerationResult& result,
                                              CandidateRound& round) {
    auto query = co_await predictor_->ask(*round.routed.asked, round.patience);
    if (!query) {
        ran_out(round.work, query.error(), round.routed);
        log_.warn("not scored", {{"task", round.routed.watch.task},
                                 {"error", query.error().message()},
                                 {"hint", kUnscored}});
        co_return false;
    }
    round.query = std::move(*query);
    for (const auto& each : result.attempts) {
        round.densest = std::max(round.densest, each.gaussians);
        round.longest_ms = std::max(round.longest_ms, config::total(each.times));
    }
    co_return true;
}

// What the gate chose is the first candidate. Where it chose nothing, the densest of what was too
// sparse for it is: a thin thing may be as it should be. False when no more can be made.
asio::awaitable<bool> Production::take_up_gate_result(GenerationResult& result,
                                                      CandidateRound& round) {
    const auto begin = Clock::now();
    bool goes_on = true;
    if (result.has_splats()) {
        auto splats = std::exchange(result.splats, {});
        result.encoded = co_await encode(std::move(splats));
        ++round.finished;
        goes_on = co_await predict(round, result.attempt, *result.encoded);
    } else {
        const auto& attempts = round.work.attempts;
        const auto densest = std::max_element(
            attempts.begin(), attempts.end(),
            [](const auto& a, const auto& b) { return a.gaussians < b.gaussians; });
        const auto index = std::size_t(densest - attempts.begin());
        const bool usable = densest != attempts.end() && round.structures[index] &&
                            densest->outcome != AttemptOutcome::unhealthy &&
                            densest->gaussians >= round.routed.generation_config.gate.floor;
        if (usable) goes_on = co_await finish_candidate(round, int(index) + 1);
    }
    round.longest_ms += config::milliseconds_since(begin);
    co_return goes_on;
}

// One more structure, and its splats where it is promising.
asio::awaitable<bool> Production::try_candidate(CandidateRound& round) {
    const auto begin = Clock::now();
    const auto& routed = round.routed;
    round.place.move_to(std::max(1, round.finished));
    if (!co_await round.backend.precedence().turn(round.place, round.patience.until,
                                                  round.patience.stop))
        co_return false;
    const int number = int(round.work.attempts.size()) + 1;
    const auto recipe = recipe_of(number, routed.seed, is_prompt(routed.request));
    auto tried =
        co_await round.run.generate_structure(recipe.chain, recipe.seed, round.patience.stop);
    if (!tried.structure && tried.error.code != generator::Errc::no_voxels) {
        const bool late = tried.error.code == generator::Errc::cancelled;
        ran_out(round.work, tried.error, routed);
        if (!late)
            log_.warn("candidate failed",
                      {{"task", routed.watch.task}, {"error", tried.error.message()}});
        co_return false;
    }
    auto report = report_of(tried, number, recipe.chain, recipe.seed, routed);
    report.candidate = true;
    round.structures.push_back(std::move(tried.structure));
    round.work.attempts.push_back(report);
    if (routed.watch.attempt) co_await routed.watch.attempt(report);
    const bool promising =
        is_promising(report.gaussians, round.densest, routed.generation_config.gate);
    round.densest = std::max(round.densest, report.gaussians);
    bool goes_on = true;
    if (promising) goes_on = co_await finish_candidate(round, number);
    round.structures.back().reset();
    round.longest_ms = std::max(round.longest_ms, config::milliseconds_since(begin));
    co_return goes_on;
}

// Stage 2, health, bytes and predicted score of attempt `number`. False when no more can be made.
asio::awaitable<bool> Production::finish_candidate(CandidateRound& round, int number) {
    const auto& routed = round.routed;
    if (!co_await round.backend.precedence().turn(round.place, round.patience.until,
                                                  round.patience.stop))
        co_return false;
    auto& work = round.work;
    work.attempt = number;
    work.splats = {};
    ++round.finished;
    const auto next = co_await generate_splats(
        work, round.run, *round.structures[std::size_t(number - 1)], routed, round.patience.stop);
    if (next != Next::proceed) {
        if (!work.given_up())
            log_.warn("candidate failed", {{"task", routed.watch.task}, {"error", work.detail}});
        co_return false;
    }
    auto& report = work.attempts[std::size_t(number - 1)];
    if (!co_await is_healthy(work, routed)) {
        if (routed.watch.completed) co_await routed.watch.completed(report);
        co_return true;
    }
    auto splats = std::exchange(work.splats, {});
    auto asset = co_await encode(std::move(splats));
    report.times.compress = asset.milliseconds;
    if (asset.gaussians < routed.generation_config.gate.floor) co_return true;
    co_return co_await predict(round, number, std::move(asset));
}

// False when the scorer failed, or was not there in time: no more can be compared.
asio::awaitable<bool> Production::predict(CandidateRound& round, int number, EncodedAsset asset) {
    const auto& watch = round.routed.watch;
    if (asset.spz->empty()) co_return true;
    if (watch.stage) watch.stage("score");
    auto predicted = co_await predictor_->predict(asset.spz, round.query, round.patience);
    if (!predicted) {
        ran_out(round.work, predicted.error(), round.routed);
        log_.warn("not scored", {{"task", watch.task},
                                 {"attempt", number},
                                 {"error", predicted.error().message()},
                                 {"hint", kUnscored}});
        co_return false;
    }
    auto& report = round.work.attempts[std::size_t(number - 1)];
    report.predicted = *predicted;
    log_.info("scored", {{"task", watch.task},
                         {"attempt", number},
                         {"gaussians", report.gaussians},
                         {"predicted", predicted->total},
                         {"ms", std::llround(predicted->milliseconds)}});
    if (watch.completed) co_await watch.completed(report);
    round.ready.push_back({std::move(asset), {number, report.gaussians, predicted->total}});
    const auto all = candidates_of(round.ready);
    std::erase_if(round.ready,
                  [&](const auto& each) { return !may_be_best(each.candidate, all, round.plan); });
    co_return true;
}

void Production::choose(GenerationResult& result, CandidateRound& round) const {
    if (round.ready.empty()) return;  // what the gate chose stays
    auto& best = round.ready[best_of(candidates_of(round.ready), round.plan)];
    const auto& chosen = result.attempts[std::size_t(best.candidate.attempt - 1)];
    const bool dense = chosen.gaussians >= round.routed.generation_config.gate.min_gaussians;
    using enum storage::Outcome;
    if (result.outcome == rejected || result.outcome == retry_improved)
        result.outcome = dense ? retry_passed : retry_improved;
    if (best.candidate.attempt != result.attempt)
        log_.info("candidate chosen", {{"task", round.routed.watch.task},
                                       {"attempt", best.candidate.attempt},
                                       {"of", result.attempts.size()},
                                       {"predicted", best.candidate.predicted}});
    result.attempt = best.candidate.attempt;
    result.encoded = std::move(best.asset);
    result.detail.clear();
}

}  // namespace miner
