#include "miner/pipeline.hpp"

#include "network/base64.hpp"
#include "network/errc.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

namespace miner {
namespace {

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t now_s() { return now_ms() / 1000; }

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

storage::Attempt journal_row(const Attempt& attempt) {
    storage::Attempt row;
    row.number = attempt.number;
    row.chain = attempt.chain;
    row.route = attempt.route;
    row.seed = attempt.seed;
    row.voxels = attempt.voxels;
    row.gaussians = attempt.gaussians;
    row.outcome = attempt.outcome;
    row.error = attempt.error;
    row.at = now_ms();
    row.prepare = attempt.times.prepare;
    row.encode = attempt.times.encode;
    row.structure = attempt.times.structure;
    row.occupancy = attempt.times.occupancy;
    row.latent = attempt.times.latent;
    row.gaussians_ms = attempt.times.gaussians;
    if (attempt.health) {
        const auto& health = *attempt.health;
        row.invisible = health.invisible;
        row.opacity_mean = health.opacity_mean;
        row.opacity_spread = health.opacity_spread;
        row.non_finite = health.non_finite;
        row.identity_rotations = health.identity_rotations;
        row.extent = *std::max_element(health.extent.begin(), health.extent.end());
    }
    return row;
}

// After these nobody knows whether the validator took the result.
bool may_have_arrived(const config::Error& error) {
    using enum network::Errc;
    for (const auto code : {read_timeout, closed, io, body_too_large, malformed, cancelled})
        if (error.code == code) return true;
    return false;
}

}  // namespace

template <class Fn>
asio::awaitable<std::invoke_result_t<Fn>> Pipeline::on_db(Fn fn) {
    co_return co_await run_on(s_.lanes.db, std::move(fn));
}

// For steps that must not stop the work when the disk does: the result in hand is worth more than
// its record.
template <class Fn>
asio::awaitable<void> Pipeline::record(std::string_view what, std::string task_id, Fn fn) {
    const auto done = co_await on_db(std::move(fn));
    note_record(done ? config::Result<void>() : done.error());
    if (!done)
        s_.log.error("not recorded",
                     {{"task", task_id}, {"step", what}, {"error", done.error().message()}});
}

asio::awaitable<Turn> Pipeline::turn(Identity& who, Validator validator) {
    Turn turn;
    who.schedule.reserve(validator.uid, now_s());
    const auto pulled = co_await pull(who, validator, turn);
    if (!pulled) co_return turn;
    if (!pulled->task) {
        if (s_.observer.pulled)
            s_.observer.pulled({.validator = validator.peer.hotkey,
                                .reached = true,
                                .cooldown_until = pulled->cooldown_until});
        // No task and no word about when: the reference takes it for an unknown failure, and so do
        // we.
        if (pulled->cooldown_until > 0)
            who.schedule.cool_down(validator.uid,
                                   std::min(pulled->cooldown_until, now_s() + kLongestCooldown_s));
        else
            who.schedule.failed(validator.uid, now_s());
        co_await record("settled", {}, [&] {
            return s_.journal.settled(who.hotkey(), validator.peer.hotkey, {}, now_ms());
        });
        turn.end = Turn::End::no_task;
        co_return turn;
    }

    Job job{.who = who, .validator = validator, .task = *pulled->task};
    const storage::PulledTask row{
        .hotkey = who.hotkey(),
        .validator = validator.peer.hotkey,
        .task_id = job.task.id,
        .kind = job.task.kind == network::TaskKind::image ? "image" : "text",
        .prompt = job.task.prompt,
        .at = now_ms()};
    const auto known = co_await on_db([&] { return s_.journal.pulled(row); });
    note_record(known ? config::Result<void>() : known.error());
    if (!known) {
        // Without a record it might be made twice; the validator keeps the task until it is
        // answered.
        s_.log.error(
            "not recorded",
            {{"task", job.task.id},
             {"step", "pulled"},
             {"error", known.error().message()},
             {"remedy", "make room or mend the storage folder; the task waits at its validator"}});
        who.schedule.failed(validator.uid, now_s());
        turn.end = Turn::End::failed;
        co_return turn;
    }
    job.row = known->row;
    if (!at_hand_.insert(job.row).second)
        co_return turn;  // another worker has it; its turn sets the cool-down
    co_await record("settled", job.task.id, [&] {
        return s_.journal.settled(who.hotkey(), validator.peer.hotkey, job.row, now_ms());
    });
    s_.log.info("pulled", {{"task", job.task.id},
                           {"kind", row.kind},
                           {"validator", validator.peer.hotkey},
                           {"known", !known->fresh}});
    if (s_.observer.pulled)
        s_.observer.pulled({.validator = validator.peer.hotkey,
                            .reached = true,
                            .task = &job.task,
                            .row = job.row});
    job.turn.task_id = job.task.id;
    co_await work(job, known->result);
    at_hand_.erase(job.row);
    if (s_.observer.turn) s_.observer.turn(job.turn);
    co_return job.turn;
}

asio::awaitable<std::optional<network::PullAnswer>> Pipeline::pull(Identity& who,
                                                                   const Validator& validator,
                                                                   Turn& turn) {
    auto pulled = co_await s_.stop.unless_asked(s_.dendrite.pull(who.key, validator.peer));
    if (!pulled) {
        turn.end = Turn::End::stopped;
        co_return std::nullopt;
    }
    const bool reached = pulled->has_value();
    const std::string detail = reached ? "" : pulled->error().message();
    const std::int64_t cooldown = reached ? (*pulled)->cooldown_until : 0;
    co_await record("contacted", {}, [&] {
        return s_.journal.contacted(who.hotkey(), validator.peer.hotkey, reached, cooldown, detail,
                                    now_ms());
    });
    if (!reached) {
        if (s_.observer.pulled)
            s_.observer.pulled({.validator = validator.peer.hotkey, .error = detail});
        s_.log.warn("pull failed", {{"validator", validator.peer.hotkey}, {"error", detail}});
        who.schedule.failed(validator.uid, now_s());
        turn.end = Turn::End::unreached;
        co_return std::nullopt;
    }
    co_return std::move(**pulled);
}

asio::awaitable<void> Pipeline::work(Job& job, std::optional<storage::Result> result) {
    std::vector<std::uint8_t> spz;
    // A result of an earlier turn: it was not taken, or the task would not have come again.
    if (result && !(co_await reload(job, *result, spz))) result.reset();
    if (!result) {
        const bool text = job.task.kind == network::TaskKind::text;
        if (text ? !s_.production.takes_prompts() : !s_.production.takes_pictures()) {
            s_.log.info("skipped", {{"task", job.task.id},
                                    {"reason", text ? "this model makes no splats from prompts"
                                                    : "this model makes no splats from pictures"}});
            result =
                co_await skip(job, storage::Outcome::skipped, text ? "text task" : "picture task");
        } else {
            result = co_await generate(job, spz);
        }
    }
    if (!result) {
        if (device_lost_) s_.stop.now();
        // The validator hands the task out again, to a miner that can do it by then.
        if (job.stranded) job.who.schedule.failed(job.validator.uid, now_s());
        job.turn.end = device_lost_ || job.stranded ? Turn::End::failed : Turn::End::stopped;
        co_return;
    }
    co_await submit(job, *result, std::move(spz));
}

// False when the asset is gone or damaged: then it is made anew.
asio::awaitable<bool> Pipeline::reload(Job& job, const storage::Result& result,
                                       std::vector<std::uint8_t>& spz) {
    if (result.asset.empty()) co_return true;
    auto bytes = co_await on_db([&] { return s_.artifacts.get(result.asset); });
    if (bytes) {
        spz = std::move(*bytes);
        co_return true;
    }
    const auto why = bytes.error().message();
    s_.log.warn("asset lost", {{"task", job.task.id}, {"error", why}});
    co_await record("result lost", job.task.id,
                    [&] { return s_.journal.result_lost(job.row, why, now_ms()); });
    co_return false;
}

asio::awaitable<storage::Result> Pipeline::skip(Job& job, storage::Outcome outcome,
                                                std::string detail) {
    const storage::Result result{.outcome = outcome, .detail = std::move(detail), .at = now_ms()};
    co_await record("finished", job.task.id, [&] { return s_.journal.finished(job.row, result); });
    co_return result;
}

// Nothing when stopped: the task stays open in the journal and at its validator.
asio::awaitable<std::optional<storage::Result>> Pipeline::generate(Job& job,
                                                                   std::vector<std::uint8_t>& spz) {
    Order order = generator::Prompt{job.task.prompt};
    if (job.task.kind == network::TaskKind::image) {
        auto picture = network::base64_decode_loosely(job.task.prompt);
        if (!picture) {
            s_.log.warn("error", {{"task", job.task.id}, {"error", picture.error().message()}});
            co_return co_await skip(job, storage::Outcome::error, picture.error().message());
        }
        if (!picture->oddity.empty())
            s_.log.info("base64", {{"task", job.task.id}, {"odd", picture->oddity}});
        order = std::move(picture->bytes);
    }

    const auto fixed = s_.settings.generator.seed;
    const std::uint64_t seed = fixed >= 0 ? std::uint64_t(fixed) : std::random_device{}();
    Production::Watch watch{.task = job.task.id};
    watch.stage = [this, id = job.task.id](std::string_view stage) {
        if (s_.observer.stage) s_.observer.stage(id, stage);
    };
    watch.attempt = [this, &job](Attempt attempt) {
        const auto row = journal_row(attempt);
        if (s_.observer.attempt) s_.observer.attempt(job.task.id, attempt);
        return record("attempted", job.task.id,
                      [this, &job, row] { return s_.journal.attempted(job.row, row); });
    };
    const auto begin = std::chrono::steady_clock::now();
    auto product = co_await s_.production.produce(std::move(order), seed, s_.stop.token(), watch);
    job.turn.milliseconds = milliseconds_since(begin);
    job.turn.attempts = int(product.attempts.size());
    for (const auto& attempt : product.attempts)
        job.turn.gaussians = std::max(job.turn.gaussians, attempt.gaussians);
    device_lost_ = device_lost_ || product.device_lost;
    job.stranded = product.stranded;
    if (device_lost_ || job.stranded || (product.cancelled && s_.stop.immediate())) {
        s_.log.warn("handed back", {{"task", job.task.id}, {"reason", product.detail}});
        co_return std::nullopt;
    }
    if (product.cancelled) product.outcome = storage::Outcome::error;  // past the deadline
    // These were recorded as promising; what is submitted is recorded when it is packed.
    for (const auto& attempt : product.attempts) {
        if (attempt.outcome != "unhealthy") continue;
        const auto row = journal_row(attempt);
        co_await record("attempted", job.task.id,
                        [&] { return s_.journal.attempted(job.row, row); });
    }

    storage::Result result{.outcome = product.outcome,
                           .attempt = product.attempt,
                           .asset = {},
                           .detail = product.detail};
    if (product.splats.size() > 0) co_await keep(job, std::move(product), result, spz);
    if (result.outcome == storage::Outcome::error)
        s_.log.warn("error", {{"task", job.task.id}, {"error", result.detail}});
    result.at = now_ms();
    co_await record("finished", job.task.id, [&] { return s_.journal.finished(job.row, result); });
    co_return result;
}

// Splats become bytes, and the bytes an asset.
asio::awaitable<void> Pipeline::keep(Job& job, Product product, storage::Result& result,
                                     std::vector<std::uint8_t>& spz) {
    auto parcel = co_await s_.production.pack(std::move(product.splats));
    auto row = journal_row(product.attempts[product.attempt - 1]);
    if (row.outcome == "sparse") row.outcome = "chosen";
    row.compress = parcel.milliseconds;
    job.turn.finish = {
        .latent = row.latent, .gaussians = row.gaussians_ms, .compress = row.compress};
    co_await record("attempted", job.task.id, [&] { return s_.journal.attempted(job.row, row); });
    if (parcel.spz.empty()) {
        result.outcome = storage::Outcome::error;
        result.attempt = 0;
        result.detail = "the export left no Gaussian: all are invisible, strays or not finite";
        co_return;
    }
    if (parcel.gaussians < s_.settings.gate.floor) {  // scored with zero, which the skip is not
        result.outcome = storage::Outcome::rejected;
        result.attempt = 0;
        result.detail = "the export left " + std::to_string(parcel.gaussians) +
                        " Gaussians, fewer than gate.floor";
        s_.log.warn("rejected", {{"task", job.task.id}, {"error", result.detail}});
        co_return;
    }
    const auto hash = co_await on_db([&] { return s_.artifacts.put(parcel.spz); });
    if (hash)
        result.asset = *hash;
    else
        s_.log.error("not recorded",
                     {{"task", job.task.id}, {"step", "asset"}, {"error", hash.error().message()}});
    result.bytes = std::int64_t(parcel.spz.size());
    spz = std::move(parcel.spz);
}

asio::awaitable<void> Pipeline::submit(Job& job, const storage::Result& result,
                                       std::vector<std::uint8_t> spz) {
    Turn& turn = job.turn;
    turn.end = Turn::End::unanswered;
    turn.outcome = result.outcome;
    turn.bytes = result.bytes;
    if (s_.observer.stage) s_.observer.stage(job.task.id, "submit");
    co_await record("submitting", job.task.id,
                    [&] { return s_.journal.submitting(job.row, now_ms()); });
    const auto begin = std::chrono::steady_clock::now();
    auto results = co_await run_on(s_.lanes.cpu, [&] { return network::base64_encode(spz); });
    auto answer = co_await s_.stop.unless_now(s_.dendrite.submit(
        job.who.key, job.validator.peer, job.task.id, job.task.prompt, std::move(results)));
    const auto ms = turn.submit_ms = milliseconds_since(begin);
    if (!answer || !*answer) {
        const auto error =
            answer ? answer->error()
                   : config::fail(network::Errc::cancelled, "stopped during the submission");
        const bool lost = may_have_arrived(error);
        s_.log.warn("submit failed", {{"task", job.task.id},
                                      {"validator", job.validator.peer.hotkey},
                                      {"arrived", lost ? "unknown: the next pull tells" : "no"},
                                      {"error", error.message()}});
        co_await record("submit failed", job.task.id, [&] {
            return s_.journal.submit_failed(job.row, lost, error.message(), now_ms());
        });
        job.who.schedule.failed(job.validator.uid, now_s());
        if (!answer) turn.end = Turn::End::stopped;
        co_return;
    }
    s_.log.info("submitted", {{"task", job.task.id},
                              {"attempt", result.attempt},
                              {"bytes", spz.size()},
                              {"ms", std::llround(ms)}});
    cool_down(job, **answer);
    turn.cooldown_until = (*answer)->cooldown_until;
    storage::Answer row{.cooldown_until = (*answer)->cooldown_until, .at = now_ms()};
    if (const auto& feedback = (*answer)->feedback) {
        row.feedback = true;
        row.validation_failed = feedback->validation_failed;
        row.score = turn.score = feedback->task_fidelity_score;
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
    co_await record("answered", job.task.id, [&] { return s_.journal.answered(job.row, row); });
    turn.end = Turn::End::answered;
}

void Pipeline::cool_down(Job& job, const network::SubmitAnswer& answer) {
    auto& schedule = job.who.schedule;
    if (!answer.feedback) schedule.failed(job.validator.uid, now_s());
    // "Without effect" answers say 0 and leave the task with us (protocol.md, section 5): not again
    // within the lock.
    else if (answer.cooldown_until == 0)
        schedule.cool_down(job.validator.uid, now_s() + 30);
    else
        schedule.cool_down(job.validator.uid,
                           std::min(answer.cooldown_until, now_s() + kLongestCooldown_s));
}

}  // namespace miner
