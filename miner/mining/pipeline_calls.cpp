// The pipeline's calls to validators: the pull, the submission, and how long to stay away.
#include "config/elapsed.hpp"
#include "miner/mining/cooldowns.hpp"
#include "miner/mining/pipeline.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>

namespace miner {
namespace {

using std::chrono::milliseconds;

// The longest cool-down without a penalty; a submission scored 0 has a longer one.
constexpr std::chrono::seconds kPlainCooldown{300};

// A clock that is off by more is complained of, so often. Date counts whole seconds.
constexpr std::int64_t kClockOff_ms = 3'000;
constexpr std::chrono::hours kComplainAgain{1};

// After these nobody knows whether the validator took the result.
bool may_have_arrived(const config::Error& error) {
    using enum network::Errc;
    for (const auto code : {read_timeout, closed, io, body_too_large, malformed, cancelled})
        if (error.code == code) return true;
    return false;
}

// Ratings and rewards have no bound of their own; real ones are in the thousands.
constexpr double kMostStanding = 1e9;

bool is_share(double value) { return value >= 0 && value <= 1; }

// Scores and rewards are added up and kept for good, where one that is beyond all measure would
// outweigh all others. So a score that is none counts as scoring that failed.
network::Feedback bounded(network::Feedback feedback) {
    if (!is_share(feedback.task_fidelity_score)) {
        feedback.validation_failed = true;
        feedback.task_fidelity_score = 0;
    }
    if (!is_share(feedback.average_fidelity_score)) feedback.average_fidelity_score = 0;
    for (auto* standing : {&feedback.current_duel_rating, &feedback.current_miner_reward})
        *standing = std::clamp(*standing, 0.0, kMostStanding);
    return feedback;
}

// A submission that had no effect gets the same feedback fields as one scored 0. But whatever has
// an effect begins a cool-down, and a score of 0 a long one: a short one after a result that was
// sent before is that of the first submission, which was judged meanwhile.
bool has_effect(const network::Feedback& feedback, milliseconds cooldown, bool sent_before) {
    if (feedback.validation_failed || feedback.task_fidelity_score > 0) return true;
    return cooldown > milliseconds(0) && !(sent_before && cooldown <= kPlainCooldown);
}

}  // namespace

asio::awaitable<std::optional<Pipeline::Heard>> Pipeline::pull(Identity& who,
                                                               const Validator& validator,
                                                               Turn& turn) {
    auto pulled = co_await s_.stop.unless_asked(s_.dendrite.pull(who.key, validator.peer));
    if (!pulled) {
        turn.end = Turn::End::stopped;
        co_return std::nullopt;
    }
    const bool reached = pulled->has_value();
    const std::string detail = reached ? "" : pulled->error().message();
    Heard heard;
    if (reached) {
        heard.answer = std::move(**pulled);
        heard.cooldown = cooldown_left(heard.answer.cooldown_until, heard.answer.date, now_ms());
        heard.at = now();
        heard.until = heard.at + heard.cooldown;
        note_clock(validator, heard.answer.date);
    }
    auto step = [this, hotkey = who.hotkey(), validator = validator.peer.hotkey, reached, detail,
                 until = heard.answer.cooldown_until, wait = heard.cooldown.count(),
                 at = now_ms()] {
        return s_.journal.contacted(hotkey, validator, reached, until, detail, at, wait);
    };
    co_await record("contacted", {}, std::move(step));
    if (!reached) {
        if (s_.observer.pulled)
            s_.observer.pulled({.validator = validator.peer.hotkey, .error = detail});
        s_.log.warn("pull failed", {{"validator", validator.peer.hotkey}, {"error", detail}});
        who.schedule.unreached(validator, now());
        turn.end = Turn::End::unreached;
        co_return std::nullopt;
    }
    co_return heard;
}

// After an answer without a task.
void Pipeline::leave_alone(Identity& who, const Validator& validator, const Heard& heard) {
    auto& schedule = who.schedule;
    const bool too_early = violated(who, validator, heard);
    // No task and no word about when: the reference takes it for an unknown failure, and so do we.
    // Likewise when the validator still counts a cool-down that we computed as expired.
    if (heard.answer.cooldown_until <= 0 || (too_early && heard.cooldown == milliseconds(0)))
        schedule.failed(validator, now());
    else
        schedule.cool_down(validator, heard.until);
    const auto soonest = now() + s_.settings.schedule.idle;
    if (schedule.cooldown_until(validator) < soonest) schedule.cool_down(validator, soonest);
}

// Whether the validator counts this pull as one during its cool-down. It tolerates a hundred; past
// them each makes the cool-down longer.
bool Pipeline::violated(const Identity& who, const Validator& validator, const Heard& heard) {
    const auto count = heard.answer.cooldown_violations;
    auto& said = said_[{who.hotkey(), validator.peer.hotkey}];
    if (count <= std::exchange(said.violations, count)) return false;
    s_.log.warn("cool-down violated",
                {{"validator", validator.peer.hotkey},
                 {"hotkey", who.hotkey()},
                 {"violations", count},
                 {"left_ms", heard.cooldown},
                 {"hint", "past 100 a validator adds to the cool-down each time"},
                 {"remedy",
                  "see whether another miner runs with this hotkey, and what `miner "
                  "check` says of the clock"}});
    return true;
}

// Cool-downs do not depend on this machine's clock, but what is signed does.
void Pipeline::note_clock(const Validator& validator, std::optional<std::int64_t> date) {
    if (!date) return;
    const auto ahead_ms = now_ms() - 1000 * *date - 500;  // half of the second that was cut off
    if (std::abs(ahead_ms) <= kClockOff_ms) return;
    if (told_clock_ && now() - *told_clock_ < kComplainAgain) return;
    told_clock_ = now();
    s_.log.warn("clocks differ",
                {{"validator", validator.peer.hotkey},
                 {"ahead_s", std::llround(double(ahead_ms) / 1000)},
                 {"remedy",
                  "set this machine's clock and keep it by a time server, unless it is "
                  "the validator's that is wrong: requests signed at another time are "
                  "refused"}});
}

asio::awaitable<void> Pipeline::submit(Job& job, const storage::Result& result,
                                       std::vector<std::uint8_t> spz) {
    Turn& turn = job.turn;
    turn.end = Turn::End::unanswered;
    turn.outcome = result.outcome;
    turn.bytes = result.bytes;
    if (s_.observer.stage) s_.observer.stage(in_hand(job), "submit");
    const int number = co_await begin_submission(job);
    // With schedule.reference it is a time alone: renewed, or another pulls during judging.
    job.who.schedule.reserve(job.validator, now());
    const auto begin = std::chrono::steady_clock::now();
    auto results = co_await run_on(s_.lanes.cpu, [&] { return network::base64_encode(spz); });
    const auto bytes = spz.size();
    std::vector<std::uint8_t>().swap(spz);  // while it is judged many others may be
    auto answer = co_await s_.stop.unless_now(
        s_.dendrite.submit(job.who.key, job.validator.peer, job.task.id, std::move(job.task.prompt),
                           std::move(results)));
    const auto ms = turn.submit_ms = config::milliseconds_since(begin);
    if (answer && *answer && bytes > 0)
        candidate_time_.submitted(job.validator.peer.hotkey, milliseconds(std::llround(ms)));
    if (!answer || !*answer) {
        const auto error =
            answer ? answer->error()
                   : config::fail(network::Errc::cancelled, "stopped during the submission");
        co_await unanswered(job, error, may_have_arrived(error));
        if (!answer) turn.end = Turn::End::stopped;
        co_return;
    }
    s_.log.info("submitted", {{"task", job.task.id},
                              {"attempt", result.attempt},
                              {"bytes", bytes},
                              {"ms", std::llround(ms)}});
    co_await answered(job, **answer, number > 1);
}

// The number of the submission, from 1.
asio::awaitable<int> Pipeline::begin_submission(Job& job) {
    const auto number = std::make_shared<std::atomic<int>>(1);  // the step may be made later
    auto step = [this, row = job.row, at = now_ms(), number] {
        auto made = s_.journal.submitting(row, at);
        if (made) *number = *made;
        return made;
    };
    co_await record("submitting", job.task.id, std::move(step));
    co_return number->load();
}

// What the journal is told of a submission without a good answer.
asio::awaitable<void> Pipeline::submit_failed(const Job& job, bool lost, std::string detail) {
    auto step = [this, row = job.row, lost, detail = std::move(detail), at = now_ms()] {
        return s_.journal.submit_failed(row, lost, detail, at);
    };
    return record("submit failed", job.task.id, std::move(step));
}

asio::awaitable<void> Pipeline::unanswered(Job& job, config::Error error, bool may_have_arrived) {
    s_.log.warn("submit failed",
                {{"task", job.task.id},
                 {"validator", job.validator.peer.hotkey},
                 {"arrived", may_have_arrived ? "unknown: the next pull tells" : "no"},
                 {"error", error.message()}});
    const auto& settings = s_.settings.schedule;
    auto wait = wait_after_failure(settings);
    // It may be judging.
    if (may_have_arrived) wait = std::max(wait, settings.validation_lock);
    job.who.schedule.cool_down(job.validator, now() + wait);
    co_await submit_failed(job, may_have_arrived, error.message());
}

// How long the validator is left alone at least, now that it has answered a submission. Whoever
// hands out the same task ever again takes megabytes each time and never pays for them; once may be
// a validator that lost its memory.
milliseconds Pipeline::least_wait(const Job& job) {
    const auto& settings = s_.settings.schedule;
    auto& said = said_[{job.who.hotkey(), job.validator.peer.hotkey}];
    said.answers = std::exchange(said.row, job.row) == job.row ? said.answers + 1 : 1;
    if (said.answers <= 2) return settings.idle;
    const auto doublings = std::min(said.answers - 3, 16);
    return std::min<milliseconds>(wait_after_failure(settings) * (1 << doublings),
                                  kLongestCooldown);
}

void Pipeline::note_score(const Job& job, const network::Feedback& feedback) {
    if (is_share(feedback.task_fidelity_score)) return;
    if (told_score_ && now() - *told_score_ < kComplainAgain) return;
    told_score_ = now();
    s_.log.warn("score out of range", {{"task", job.task.id},
                                       {"validator", job.validator.peer.hotkey},
                                       {"score", feedback.task_fidelity_score},
                                       {"hint", "scores are from 0 to 1: it counts as none"}});
}

asio::awaitable<void> Pipeline::answered(Job& job, const network::SubmitAnswer& answer,
                                         bool sent_before) {
    auto& schedule = job.who.schedule;
    const auto cooldown = cooldown_left(answer.cooldown_until, answer.date, now_ms());
    const auto least = least_wait(job);
    job.turn.cooldown_until = answer.cooldown_until;
    job.turn.cooldown = cooldown;
    std::optional<network::Feedback> feedback;
    if (answer.feedback) {
        note_score(job, *answer.feedback);
        feedback = bounded(*answer.feedback);
    }
    auto wait = feedback ? cooldown : milliseconds(s_.settings.schedule.failure_delay);
    schedule.cool_down(job.validator, now() + std::max(wait, least));
    const bool empty = job.turn.bytes == 0;
    if (feedback && !empty && !has_effect(*feedback, cooldown, sent_before)) {
        wait = std::max(wait, s_.settings.schedule.validation_lock);
        schedule.cool_down(job.validator, now() + std::max(wait, least));
        s_.log.warn("no effect", {{"task", job.task.id},
                                  {"validator", job.validator.peer.hotkey},
                                  {"hint",
                                   "it judges an earlier submission, or has: the next "
                                   "pull tells"}});
        co_await submit_failed(job, true, "answered without effect");
        co_return;
    }
    storage::Answer row{
        .cooldown_until = answer.cooldown_until, .wait = cooldown.count(), .at = now_ms()};
    if (feedback) {
        row.feedback = true;
        row.validation_failed = feedback->validation_failed;
        row.score = feedback->task_fidelity_score;
        if (!row.validation_failed) job.turn.score = row.score;
        if (row.score > 0)
            compared(job, storage::PredictedScore::End::accepted, row.score);
        else if (!row.validation_failed && !empty && cooldown > kPlainCooldown)
            compared(job, storage::PredictedScore::End::refused, 0);
        row.average_score = feedback->average_fidelity_score;
        row.accepted_in_window = feedback->generations_within_the_window;
        row.duel_rating = feedback->current_duel_rating;
        row.reward = feedback->current_miner_reward;
        s_.log.info("feedback", {{"task", job.task.id},
                                 {"validator", job.validator.peer.hotkey},
                                 {"score", row.score},
                                 {"average", row.average_score},
                                 {"reward", row.reward},
                                 {"cooldown_until", row.cooldown_until}});
    } else {
        s_.log.warn("no feedback", {{"task", job.task.id},
                                    {"validator", job.validator.peer.hotkey},
                                    {"remedy", "is the hotkey registered?"}});
    }
    auto step = [this, task = job.row, row] { return s_.journal.answered(task, row); };
    co_await record("answered", job.task.id, std::move(step));
    job.turn.end = Turn::End::answered;
}

}  // namespace miner
