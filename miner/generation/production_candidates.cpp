// The candidates of a production: more results than the gate asks for, of which the best is chosen
// by its predicted score, in time that costs nothing. This is the device's part; what is done with
// its splats while it makes the next ones is production_finish.cpp.
#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "miner/generation/deadline.hpp"
#include "miner/generation/production.hpp"
#include "network/await_all.hpp"
#include "network/settled.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace miner {
namespace {

using storage::AttemptOutcome;
using Clock = std::chrono::steady_clock;

// No candidate takes just as long as another.
constexpr double kAllowance = 1.2;
// Structures that are not worth finishing come besides those that are.
constexpr int kStructuresForEach = 3;

bool is_out_of_memory(const config::Error& error) {
    return error.code == generator::Errc::out_of_memory;
}

}  // namespace

asio::awaitable<void> Production::make_candidates(CandidateRound& round) {
    const auto& result = round.result;
    const auto left = round.plan.left();
    const bool decided = result.end == GenerationResult::End::decided &&
                         (result.has_splats() || result.outcome == storage::Outcome::rejected);
    if (!decided || left.count() <= 0) co_return;
    const auto io = co_await asio::this_coro::executor;
    const Deadline deadline(io, round.routed.stop, left);
    const std::stop_callback late(deadline.token(), [&round] { round.over.request_stop(); });
    round.patience = {.until = deadline.at(), .stop = round.over.get_token()};
    round.one_by_one = !round.backend.leaves_cores_free();
    round.number = int(result.attempts.size());
    round.begun = result.has_splats() ? 1 : 0;
    for (const auto& each : result.attempts) {
        round.densest = std::max(round.densest, each.gaussians);
        round.longest_ms = std::max(round.longest_ms, config::total(each.times));
    }
    std::vector<asio::awaitable<void>> sides;
    sides.push_back(make_and_close(round));
    sides.push_back(finish_and_stop(round));
    co_await network::await_all(std::move(sides));
    choose(round);
}

// However it ends, whoever finishes hears of it.
asio::awaitable<void> Production::make_and_close(CandidateRound& round) {
    auto making = make_while_wanted(round);
    const auto end = co_await network::settle(std::move(making));
    round.queue.close();
    round.place.retire();
    if (!end.failure) co_return;
    round.over.request_stop();
    std::rethrow_exception(end.failure);
}

asio::awaitable<void> Production::make_while_wanted(CandidateRound& round) {
    const int most = round.plan.settings.most;
    const int last = round.number + kStructuresForEach * most;
    const auto is_wanted = [&] {
        const bool may_go_on = round.begun < most && round.number < last;
        const auto enough_ms = kAllowance * round.longest_ms;
        return may_go_on && !round.patience.stop.stop_requested() &&
               double(round.plan.left().count()) > enough_ms;
    };
    bool goes_on = true;
    if (round.begun == 0) goes_on = co_await make_sparse(round);
    round.structures.clear();
    while (goes_on) {
        {
            const Precedence::Rest rest(round.place);
            if (round.one_by_one)
                co_await round.queue.until_finished(round.patience.stop);
            else
                co_await round.queue.until_room(round.patience.stop);
        }
        if (!is_wanted()) co_return;
        goes_on = co_await make_candidate(round);
    }
}

// Where the gate chose nothing, the densest of what was too sparse for it is the first candidate: a
// thin thing may be as it should be. False when no more can be made.
asio::awaitable<bool> Production::make_sparse(CandidateRound& round) {
    const auto& attempts = round.result.attempts;
    const auto densest =
        std::max_element(attempts.begin(), attempts.end(),
                         [](const auto& a, const auto& b) { return a.gaussians < b.gaussians; });
    const auto index = std::size_t(densest - attempts.begin());
    const bool usable = densest != attempts.end() && round.structures[index] &&
                        densest->outcome != AttemptOutcome::unhealthy &&
                        densest->gaussians >= round.routed.generation_config.gate.floor;
    if (!usable) co_return true;
    CandidateQueue::Made made{.number = int(index) + 1, .before_ms = round.longest_ms};
    made.begin = Clock::now();
    if (!co_await has_turn(round)) co_return false;
    co_return co_await make_splats(round, std::move(made), *round.structures[index]);
}

// One more structure, and its splats where it is promising. False when no more can be made.
asio::awaitable<bool> Production::make_candidate(CandidateRound& round) {
    const auto& routed = round.routed;
    const auto stop = round.patience.stop;
    CandidateQueue::Made step{.begin = Clock::now()};
    round.place.move_to(std::max(1, round.begun));
    if (!co_await has_turn(round)) co_return false;
    const int number = round.number + 1;
    const auto recipe = recipe_of(number, routed.seed, is_prompt(routed.request));
    auto tried = co_await round.run.generate_structure(recipe.chain, recipe.seed, stop);
    if (goes_one_by_one(round, tried.error)) {
        if (!co_await has_turn(round)) co_return false;
        tried = co_await round.run.generate_structure(recipe.chain, recipe.seed, stop);
    }
    if (!tried.structure && tried.error.code != generator::Errc::no_voxels) {
        candidate_failed(round, tried.error);
        co_return false;
    }
    round.number = step.number = number;
    auto told = step;
    told.attempt = report_of(tried, number, recipe.chain, recipe.seed, routed);
    told.attempt->candidate = true;
    const auto gaussians = told.attempt->gaussians;
    round.queue.put(std::move(told));
    const bool promising = is_promising(gaussians, round.densest, routed.generation_config.gate);
    round.densest = std::max(round.densest, gaussians);
    if (!promising) {
        round.longest_ms = std::max(round.longest_ms, config::milliseconds_since(step.begin));
        co_return true;
    }
    if (!co_await has_turn(round)) co_return false;
    co_return co_await make_splats(round, std::move(step), *tried.structure);
}

// Stage 2 of an attempt. Tries once more where memory ran out, with no scorer's work beside it.
asio::awaitable<bool> Production::make_splats(CandidateRound& round, CandidateQueue::Made made,
                                              const generator::Structure& structure) {
    const auto stop = round.patience.stop;
    ++round.begun;
    auto generated = co_await round.run.generate_splats(structure, stop);
    if (is_out_of_memory(generated.error)) {
        goes_one_by_one(round, generated.error);
        if (co_await has_turn(round))
            generated = co_await round.run.generate_splats(structure, stop);
    }
    const bool failed = bool(generated.error.code);
    if (!failed && generated.generated.splats.size() == 0)
        generated.error = config::fail(generator::Errc::bad_splats, "stage 2 made none");
    if (generated.error.code) {
        candidate_failed(round, generated.error);
        co_return false;
    }
    made.generated = std::move(generated.generated);
    round.queue.put(std::move(made));
    co_return true;
}

// Once what it needs is free; false when no more can be made.
asio::awaitable<bool> Production::has_turn(CandidateRound& round) {
    const auto stop = round.patience.stop;
    if (round.one_by_one) {
        const Precedence::Rest rest(round.place);
        co_await round.queue.until_finished(stop);
    }
    auto turn = round.backend.precedence().turn(
        round.place, [&backend = round.backend] { return backend.places(); }, round.patience.until,
        stop);
    const bool mine = co_await std::move(turn);
    co_return mine && !stop.stop_requested();
}

// Whether memory ran out for a step that is worth trying again alone, as the other side may have
// had it; from then on neither works beside the other.
bool Production::goes_one_by_one(CandidateRound& round, const config::Error& error) const {
    if (!is_out_of_memory(error) || round.one_by_one) return false;
    round.one_by_one = true;
    log_.info("candidates one by one",
              {{"task", round.routed.watch.task},
               {"error", error.message()},
               {"hint", "no room to make one while another is scored; see score.device"}});
    return true;
}

void Production::candidate_failed(CandidateRound& round, const config::Error& error) const {
    ran_out(round.result, error, round.routed);
    if (error.code == generator::Errc::cancelled) return;
    log_.warn("candidate failed", {{"task", round.routed.watch.task}, {"error", error.message()}});
}

}  // namespace miner
