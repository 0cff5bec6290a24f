// What is done with a device's splats while it makes the next ones: health, encoding and predicted
// score, and the choice at the end.
#include "config/elapsed.hpp"
#include "miner/generation/production.hpp"
#include "network/settled.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <utility>

namespace miner {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kUnscored =
    "the best so far goes out, or what the gate let pass; if it happens often, see `miner check` "
    "and candidates.window";

std::vector<Candidate> candidates_of(const auto& ready) {
    std::vector<Candidate> candidates;
    for (const auto& each : ready) candidates.push_back(each.candidate);
    return candidates;
}

}  // namespace

// However it ends, nothing more is made.
asio::awaitable<void> Production::finish_and_stop(CandidateRound& round) {
    auto finishing = finish_while_wanted(round);
    const auto end = co_await network::settle(std::move(finishing));
    round.over.request_stop();
    if (end.failure) std::rethrow_exception(end.failure);
}

// What was made ahead of a result that is enough, or that could not be scored, is dropped: nobody
// hears of it, as if one had been made after the other.
asio::awaitable<void> Production::finish_while_wanted(CandidateRound& round) {
    bool goes_on = co_await begin_round(round);
    if (goes_on && round.result.has_splats()) goes_on = co_await take_up_gate_result(round);
    while (goes_on && !is_enough(candidates_of(round.ready), round.plan)) {
        auto made = co_await round.queue.take(round.patience.stop);
        if (!made) co_return;
        const auto begin = std::max(made->begin, round.asked);
        const auto before_ms = made->before_ms;
        const bool whole = made->has_splats();
        goes_on = co_await finish(round, std::move(*made));
        if (whole)
            round.longest_ms =
                std::max(round.longest_ms, before_ms + config::milliseconds_since(begin));
    }
}

// False when there is nothing to compare candidates with.
asio::awaitable<bool> Production::begin_round(CandidateRound& round) {
    auto query = co_await predictor_->ask(*round.routed.asked, round.patience);
    round.asked = Clock::now();
    if (!query) {
        ran_out(round.result, query.error(), round.routed);
        log_.warn("not scored", {{"task", round.routed.watch.task},
                                 {"error", query.error().message()},
                                 {"hint", kUnscored}});
        co_return false;
    }
    round.query = std::move(*query);
    co_return true;
}

// What the gate chose is the first candidate. False when no more can be compared.
asio::awaitable<bool> Production::take_up_gate_result(CandidateRound& round) {
    auto& result = round.result;
    const auto begin = Clock::now();
    const auto before_ms = round.longest_ms;
    auto splats = std::exchange(result.splats, {});
    result.encoded = co_await encode(std::move(splats));
    auto asset = *result.encoded;
    const bool goes_on = co_await predict(round, result.attempt, std::move(asset));
    round.longest_ms = std::max(round.longest_ms, before_ms + config::milliseconds_since(begin));
    co_return goes_on;
}

// False when no more can be compared.
asio::awaitable<bool> Production::finish(CandidateRound& round, CandidateQueue::Made made) {
    const auto& routed = round.routed;
    auto& attempts = round.result.attempts;
    if (made.attempt) {
        attempts.push_back(std::move(*made.attempt));
        if (routed.watch.attempt) co_await routed.watch.attempt(attempts.back());
        co_return true;
    }
    auto& report = attempts[std::size_t(made.number - 1)];
    report.times.latent = made.generated.times.latent;
    report.times.gaussians = made.generated.times.gaussians;
    auto splats = std::move(made.generated.splats);
    const auto fault = co_await examine(splats, report, routed);
    if (!fault.empty()) {
        if (routed.watch.completed) co_await routed.watch.completed(report);
        co_return true;
    }
    if (round.patience.stop.stop_requested()) co_return false;
    auto asset = co_await encode(std::move(splats));
    report.times.compress = asset.milliseconds;
    if (asset.gaussians < routed.generation_config.gate.floor) co_return true;
    co_return co_await predict(round, made.number, std::move(asset));
}

// False when the scorer failed, or was not there in time: no more can be compared.
asio::awaitable<bool> Production::predict(CandidateRound& round, int number, EncodedAsset asset) {
    const auto& watch = round.routed.watch;
    if (asset.spz->empty()) co_return true;
    if (watch.splats) watch.splats(round.result.attempts[std::size_t(number - 1)], asset.spz);
    if (watch.stage) watch.stage("score");
    auto predicted = co_await predictor_->predict(asset.spz, round.query, round.patience);
    if (!predicted && goes_one_by_one(round, predicted.error())) {
        co_await round.queue.until_not_making(round.patience.stop);
        predicted = co_await predictor_->predict(asset.spz, round.query, round.patience);
    }
    if (!predicted) {
        ran_out(round.result, predicted.error(), round.routed);
        log_.warn("not scored", {{"task", watch.task},
                                 {"attempt", number},
                                 {"error", predicted.error().message()},
                                 {"hint", kUnscored}});
        co_return false;
    }
    auto& report = round.result.attempts[std::size_t(number - 1)];
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

void Production::choose(CandidateRound& round) const {
    if (round.ready.empty()) return;  // what the gate chose stays
    auto& result = round.result;
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
