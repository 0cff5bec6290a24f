#include "miner/mining/pipeline.hpp"

#include "config/elapsed.hpp"
#include "network/base64.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace miner {

using storage::AttemptOutcome;

namespace {

// Validators say 0.6; what is no share of 1 is not believed.
double sound_threshold(double told) { return told >= 0 && told <= 1 ? told : 0.6; }

}  // namespace

asio::awaitable<Turn> Pipeline::turn(Identity& who, Validator validator, TurnProgress progress) {
    Turn turn;
    who.schedule.reserve(validator, now());
    auto heard = co_await pull(who, validator, turn);
    if (!heard) co_return turn;
    auto& pulled = heard->answer;
    if (!pulled.task) {
        if (s_.observer.pulled)
            s_.observer.pulled({.validator = validator.peer.hotkey,
                                .reached = true,
                                .cooldown_until = pulled.cooldown_until,
                                .cooldown = heard->cooldown});
        leave_alone(who, validator, *heard);
        co_await settled(who, validator, std::nullopt);
        turn.end = Turn::End::no_task;
        co_return turn;
    }

    Job job{.who = who,
            .validator = validator,
            .task = std::move(*pulled.task),
            .progress = std::move(progress),
            .threshold = sound_threshold(pulled.validation_threshold)};
    storage::PulledTask row{.hotkey = who.hotkey(),
                            .validator = validator.peer.hotkey,
                            .task_id = job.task.id,
                            .kind = std::string(network::name(job.task.kind)),
                            .prompt = job.task.prompt,
                            .at = now_ms(),
                            .threshold = job.threshold};
    const auto known = co_await record_pull(row);
    std::string().swap(row.prompt);  // which may be megabytes, and the job has it
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
        who.schedule.failed(validator, now());
        turn.end = Turn::End::failed;
        co_return turn;
    }
    job.row = known->row;
    // Of a task that is handed out again nobody knows when its time began.
    if (known->fresh)
        job.until = candidate_time_.until(validator.peer.hotkey, heard->at, pulled.throttle_period);
    if (!at_hand_.insert(job.row).second)
        co_return turn;  // another worker has it; its turn sets the cool-down
    auto current = in_hand(job);
    co_await settled(who, validator, std::move(current));
    s_.log.info("pulled", {{"task", job.task.id},
                           {"kind", row.kind},
                           {"validator", validator.peer.hotkey},
                           {"known", !known->fresh}});
    if (s_.observer.pulled)
        s_.observer.pulled({.validator = validator.peer.hotkey,
                            .reached = true,
                            .cooldown_until = pulled.cooldown_until,
                            .cooldown = heard->cooldown,
                            .task = &job.task,
                            .row = job.row});
    job.turn.task_id = job.task.id;
    job.turn.row = job.row;
    co_await work(job, known->result);
    at_hand_.erase(job.row);
    if (s_.observer.turn) s_.observer.turn(job.turn);
    co_return job.turn;
}

// After all that is late, with nothing in between.
asio::awaitable<config::Result<storage::Known>> Pipeline::record_pull(
    const storage::PulledTask& row) {
    std::optional<config::Result<storage::Known>> known;
    while (!known) {
        known = co_await on_db([&]() -> std::optional<config::Result<storage::Known>> {
            if (const auto caught_up = late_.catch_up(); !caught_up) return caught_up.error();
            if (late_.waiting() > 0) return std::nullopt;
            return s_.journal.pulled(row);
        });
    }
    co_return *std::move(known);
}

// What a pull tells of earlier tasks of that validator; `current` is the one that it gave.
asio::awaitable<void> Pipeline::settled(const Identity& who, const Validator& validator,
                                        std::optional<TaskInHand> current) {
    const auto row = current ? std::optional(current->row) : std::nullopt;
    auto step = [this, hotkey = who.hotkey(), validator = validator.peer.hotkey, row,
                 at = now_ms()] { return s_.journal.settled(hotkey, validator, row, at); };
    return record("settled", current ? current->id : std::string(), std::move(step));
}

asio::awaitable<config::Result<void>> Pipeline::catch_up() {
    config::Result<void> made;
    bool more = true;
    while (more) {
        made = co_await on_db([&] {
            auto portion = late_.catch_up();
            more = portion && late_.waiting() > 0;
            return portion;
        });
    }
    co_return made;
}

asio::awaitable<void> Pipeline::finish() {
    const auto caught_up = co_await catch_up();
    const auto lost = co_await on_db([this] { return late_.waiting() + late_.lost(); });
    note_record(caught_up);
    if (lost == 0) co_return;
    s_.log.error("records lost",
                 {{"steps", lost},
                  {"error", caught_up ? std::string() : caught_up.error().message()},
                  {"hint",
                   "the database could not be written; scores and attempts of that time are "
                   "missing from miner stats"},
                  {"remedy", "make room, or mend the folder that storage.path names"}});
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
        if (job.stranded) job.who.schedule.failed(job.validator, now());
        job.turn.end = device_lost_ || job.stranded ? Turn::End::failed : Turn::End::stopped;
        co_return;
    }
    if (job.progress.submitting) job.progress.submitting();
    co_await submit(job, *result, std::move(spz));
}

// False when the asset is gone or damaged, or was never kept: then it is made anew.
asio::awaitable<bool> Pipeline::reload(Job& job, const storage::Result& result,
                                       std::vector<std::uint8_t>& spz) {
    std::string why = "the disk did not take it when it was made";
    if (!result.asset.empty()) {
        auto bytes = co_await on_db([&] { return s_.artifacts.get(result.asset); });
        if (bytes) {
            spz = std::move(*bytes);
            co_return true;
        }
        why = bytes.error().message();
    } else if (result.bytes == 0) {
        co_return true;  // it was decided to send none
    }
    s_.log.warn("asset lost", {{"task", job.task.id}, {"error", why}});
    auto step = [this, row = job.row, why, at = now_ms()] {
        return s_.journal.result_lost(row, why, at);
    };
    co_await record("result lost", job.task.id, std::move(step));
    co_return false;
}

asio::awaitable<void> Pipeline::finished(const Job& job, const storage::Result& result) {
    auto step = [this, row = job.row, result] { return s_.journal.finished(row, result); };
    return record("finished", job.task.id, std::move(step));
}

asio::awaitable<storage::Result> Pipeline::skip(Job& job, storage::Outcome outcome,
                                                std::string detail) {
    const storage::Result result{.outcome = outcome, .detail = std::move(detail), .at = now_ms()};
    co_await finished(job, result);
    co_return result;
}

// Nothing when stopped: the task stays open in the journal and at its validator.
asio::awaitable<std::optional<storage::Result>> Pipeline::generate(Job& job,
                                                                   std::vector<std::uint8_t>& spz) {
    GenerationRequest request = generator::Prompt{job.task.prompt};
    if (job.task.kind == network::TaskKind::image) {
        auto picture = network::base64_decode_loosely(job.task.prompt);
        if (!picture) {
            s_.log.warn("error", {{"task", job.task.id}, {"error", picture.error().message()}});
            co_return co_await skip(job, storage::Outcome::error, picture.error().message());
        }
        if (!picture->oddity.empty())
            s_.log.info("base64", {{"task", job.task.id}, {"odd", picture->oddity}});
        request = std::move(picture->bytes);
    }

    const auto fixed = s_.settings.generator.seed;
    const std::uint64_t seed = fixed >= 0 ? std::uint64_t(fixed) : std::random_device{}();
    const auto begin = std::chrono::steady_clock::now();
    auto watched = watch(job);
    auto plan = plan_for(job);
    auto generated = co_await s_.production.produce(std::move(request), seed, s_.stop.token(),
                                                    std::move(watched), std::move(plan));
    job.turn.milliseconds = config::milliseconds_since(begin);
    job.turn.attempts = int(generated.attempts.size());
    if (generated.attempt > 0)
        job.turn.gaussians = generated.attempts[std::size_t(generated.attempt - 1)].gaussians;
    else
        for (const auto& attempt : generated.attempts)
            job.turn.gaussians = std::max(job.turn.gaussians, attempt.gaussians);
    device_lost_ = device_lost_ || generated.end == GenerationResult::End::device_lost;
    job.stranded = generated.end == GenerationResult::End::stranded;
    if (device_lost_ || job.stranded || (generated.given_up() && s_.stop.immediate())) {
        s_.log.warn("handed back", {{"task", job.task.id}, {"reason", generated.detail}});
        if (job.stranded && !generated.attempts.empty()) co_await begun_anew(job);
        co_return std::nullopt;
    }
    if (generated.given_up()) generated.outcome = storage::Outcome::error;  // past the deadline
    // These were recorded as promising; what is submitted is recorded when it is encoded.
    for (const auto& attempt : generated.attempts) {
        if (attempt.outcome == AttemptOutcome::unhealthy) co_await attempted(job, attempt);
    }

    storage::Result result{.outcome = generated.outcome,
                           .attempt = generated.attempt,
                           .asset = {},
                           .detail = generated.detail};
    if (generated.has_splats() && !withhold(job, generated, result))
        co_await keep(job, std::move(generated), result, spz);
    if (result.outcome == storage::Outcome::error)
        s_.log.warn("error", {{"task", job.task.id}, {"error", result.detail}});
    result.at = now_ms();
    co_await finished(job, result);
    co_return result;
}

Production::Watch Pipeline::watch(Job& job) {
    Production::Watch watch{.task = job.task.id};
    watch.stage = [this, task = in_hand(job)](std::string_view stage) {
        if (s_.observer.stage) s_.observer.stage(task, stage);
    };
    watch.attempt = [this, &job](const storage::Attempt& attempt) {
        if (s_.observer.attempt) s_.observer.attempt(in_hand(job), attempt);
        return attempted(job, attempt);
    };
    watch.begun_anew = [this, &job] { return begun_anew(job); };
    watch.completed = [this, &job](const storage::Attempt& attempt) {
        if (s_.observer.completed) s_.observer.completed(attempt);
        return attempted(job, attempt);
    };
    if (s_.observer.splats)
        watch.splats = [this, task = in_hand(job)](const storage::Attempt& attempt, auto spz) {
            s_.observer.splats(task, attempt, std::move(spz));
        };
    watch.gate_decided = job.progress.gate_decided;
    return watch;
}

// Once an attempt is over, and again when more of it is known.
asio::awaitable<void> Pipeline::attempted(const Job& job, const storage::Attempt& attempt) {
    auto row = attempt;
    row.at = now_ms();
    return record("attempted", job.task.id, [this, task = job.row, row = std::move(row)] {
        return s_.journal.attempted(task, row);
    });
}

asio::awaitable<void> Pipeline::begun_anew(const Job& job) {
    return record("begun anew", job.task.id, [this, task = job.row, at = now_ms()] {
        return s_.journal.gave_up_attempts(task, at);
    });
}

// Splats become bytes, and the bytes an asset.
asio::awaitable<void> Pipeline::keep(Job& job, GenerationResult generated, storage::Result& result,
                                     std::vector<std::uint8_t>& spz) {
    EncodedAsset encoded;
    if (generated.encoded) {
        encoded = std::move(*generated.encoded);
    } else {
        auto splats = std::move(generated.splats);
        encoded = co_await s_.production.encode(std::move(splats));
    }
    auto& chosen = generated.attempts[std::size_t(generated.attempt - 1)];
    if (chosen.outcome == AttemptOutcome::sparse) chosen.outcome = AttemptOutcome::chosen;
    chosen.times.compress = encoded.milliseconds;
    job.turn.final_stages = {.latent = chosen.times.latent,
                             .gaussians = chosen.times.gaussians,
                             .compress = chosen.times.compress};
    co_await attempted(job, chosen);
    if (encoded.spz->empty()) {
        result.outcome = storage::Outcome::error;
        result.attempt = 0;
        result.detail = "the export left no Gaussian: all are invisible, strays or not finite";
        co_return;
    }
    if (encoded.gaussians < s_.settings.gate.floor) {  // scored with zero, which the skip is not
        result.outcome = storage::Outcome::rejected;
        result.attempt = 0;
        result.detail = "the export left " + std::to_string(encoded.gaussians) +
                        " Gaussians, fewer than gate.floor";
        s_.log.warn("rejected", {{"task", job.task.id}, {"error", result.detail}});
        co_return;
    }
    const auto hash = co_await on_db([&] { return s_.artifacts.put(*encoded.spz); });
    if (hash)
        result.asset = *hash;
    else
        s_.log.error("not recorded",
                     {{"task", job.task.id}, {"step", "asset"}, {"error", hash.error().message()}});
    result.bytes = std::int64_t(encoded.spz->size());
    spz = *encoded.spz;
}

}  // namespace miner
