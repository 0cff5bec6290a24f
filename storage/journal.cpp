#include "storage/journal.hpp"

#include "config/digest.hpp"
#include "storage/day_tallies.hpp"
#include "storage/guard.hpp"
#include "storage/sql.hpp"
#include "storage/task_record.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace storage {
namespace {

constexpr Milliseconds kHour = 3'600'000;

// Negative means "did not run" or "not measured".
std::optional<double> measured(double value) {
    return value < 0 ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> counted(std::int64_t value) {
    return value < 0 ? std::nullopt : std::optional(value);
}

config::Error out_of_order(const TaskRecord& known, const char* step) {
    return config::fail(Errc::out_of_order, "task " + std::to_string(known.row) + " is " +
                                                std::string(name(known.state)) + ", cannot be " +
                                                step);
}

std::int64_t validator_row(SQLite::Database& database, const std::string& hotkey,
                           const std::string& validator) {
    execute(database, "INSERT INTO hotkeys (address) VALUES (?) ON CONFLICT DO NOTHING", {hotkey});
    execute(database,
            "INSERT INTO validators (hotkey, address)"
            " SELECT id, ?2 FROM hotkeys WHERE address = ?1 ON CONFLICT DO NOTHING",
            {hotkey, validator});
    SQLite::Statement statement(database,
                                "SELECT v.id FROM validators v JOIN hotkeys h ON h.id = v.hotkey"
                                " WHERE h.address = ? AND v.address = ?");
    bind(statement, {hotkey, validator});
    statement.executeStep();
    return statement.getColumn(0).getInt64();
}

void note_cooldown(SQLite::Database& database, std::int64_t validator, std::int64_t cooldown_until,
                   std::optional<Milliseconds> wait, Milliseconds at) {
    execute(database,
            "UPDATE validators SET cooldown_until = ?2, told_at = ?3, wait_ms = ?4 WHERE id = ?1",
            {validator, cooldown_until, wait ? std::optional(at) : std::nullopt, wait.value_or(0)});
}

}  // namespace

class Journal::Impl {
public:
    Impl(Database& database, std::string version, std::string settings_hash, Milliseconds now)
        : database_(database),
          version_(std::move(version)),
          settings_hash_(std::move(settings_hash)),
          started_(now),
          latest_(now) {}

    SQLite::Database& handle() { return database_.handle(); }
    std::int64_t run() const { return run_; }

    config::Result<void> begin_run() {
        if (run_) return {};
        return guarded(database_, [this]() -> config::Result<void> {
            execute(handle(),
                    "INSERT INTO runs (version, settings_hash, started_at) VALUES (?, ?, ?)",
                    {version_, settings_hash_, started_});
            run_ = handle().getLastInsertRowid();
            keep_days_now(started_);
            return {};
        });
    }

    // Once an hour: what is asked of the journal later is answered sooner, and that is all. Also
    // when the clock, which was ahead, is an hour behind the last time.
    void keep_days_now(Milliseconds now) {
        if (now < days_kept_at_ + kHour && now > days_kept_at_ - kHour) return;
        days_kept_at_ = now;
        const auto kept = guarded(database_, [&]() -> config::Result<void> {
            keep_days(handle(), now);
            return {};
        });
        static_cast<void>(kept.has_value());
    }

    void end_run() {
        if (!run_) return;
        const auto ended = guarded(database_, [this]() -> config::Result<void> {
            execute(handle(), "UPDATE runs SET ended_at = ?2 WHERE id = ?1", {run_, latest_});
            return {};
        });
        static_cast<void>(ended.has_value());  // a run without an end reads as killed: no harm
    }

    // Kept as a whole when `body` returns a value, undone when it fails or throws.
    template <class Body>
    auto step(Milliseconds at, Body&& body) -> std::invoke_result_t<Body> {
        if (auto begun = begin_run(); !begun) return begun.error();
        latest_ = std::max(latest_, at);
        return guarded(database_, [&]() -> std::invoke_result_t<Body> {
            Unit unit(handle());
            auto result = body();
            if (result) unit.commit();
            return result;
        });
    }

    Known pulled_anew(const PulledTask& task, std::int64_t validator, const std::string& hash);
    Known pulled_again(const PulledTask& task, const TaskRecord& known, const std::string& hash);

private:
    Database& database_;
    const std::string version_, settings_hash_;
    const Milliseconds started_;
    Milliseconds latest_;
    Milliseconds days_kept_at_ = std::numeric_limits<Milliseconds>::min() / 2;
    std::int64_t run_ = 0;
};

Journal::Journal(Database& database, std::string version, std::string settings_hash,
                 Milliseconds now)
    : impl_(std::make_unique<Impl>(database, std::move(version), std::move(settings_hash), now)) {
    const auto begun = impl_->begin_run();
    static_cast<void>(begun.has_value());  // the first step reports it
}

Journal::~Journal() { impl_->end_run(); }

Known Journal::Impl::pulled_anew(const PulledTask& task, std::int64_t validator,
                                 const std::string& hash) {
    execute(handle(),
            "INSERT INTO tasks (validator, task_id, run, kind, state, pulled_at, begun_at,"
            " prompt_sha256, prompt_bytes, threshold)"
            " VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?5, ?6, ?7, ?8)",
            {validator, task.task_id, run_, task.kind, task.at, hash,
             std::int64_t(task.prompt.size()), task.threshold});
    return {.row = handle().getLastInsertRowid(),
            .state = TaskState::open,
            .fresh = true,
            .result = {}};
}

Known Journal::Impl::pulled_again(const PulledTask& task, const TaskRecord& known,
                                  const std::string& hash) {
    const auto last = last_submission(handle(), known.row);
    const bool same = known.prompt_sha256 == hash && known.kind == task.kind;
    if (same && known.state == TaskState::submitting && last.status == "sent" && last.run == run_) {
        return {.row = known.row, .state = known.state, .fresh = false, .result = known.result};
    }
    // Whatever became of the last submission, the validator still waits for one.
    if (last.status == "sent" || last.status == "lost" || last.status == "taken") {
        end_submission(handle(), known.row, last.number, "returned", {}, task.at);
    }
    const bool keep = same && known.has_result();
    if (keep) {
        execute(handle(), "UPDATE tasks SET state = 'finished', closed_at = NULL WHERE id = ?",
                {known.row});
    } else if (!same || known.run != run_ || known.state != TaskState::open) {
        begin_anew(handle(), known.row, task.at);
    }
    execute(handle(),
            "UPDATE tasks SET run = ?2, kind = ?3, prompt_sha256 = ?4, prompt_bytes = ?5,"
            " threshold = ?6 WHERE id = ?1",
            {known.row, run_, task.kind, hash, std::int64_t(task.prompt.size()), task.threshold});
    if (keep) {
        return {
            .row = known.row, .state = TaskState::finished, .fresh = false, .result = known.result};
    }
    return {.row = known.row, .state = TaskState::open, .fresh = false, .result = {}};
}

config::Result<Known> Journal::pulled(const PulledTask& task) {
    impl_->keep_days_now(task.at);
    return impl_->step(task.at, [&]() -> config::Result<Known> {
        auto& database = impl_->handle();
        const auto validator = validator_row(database, task.hotkey, task.validator);
        const auto hash = config::sha256(task.prompt);
        const auto known = find_task(database, validator, task.task_id);
        return known ? impl_->pulled_again(task, *known, hash)
                     : impl_->pulled_anew(task, validator, hash);
    });
}

config::Result<void> Journal::attempted(TaskRow task, const Attempt& attempt) {
    return impl_->step(attempt.at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state != TaskState::open && known->state != TaskState::abandoned) {
            return out_of_order(*known, "attempted");
        }
        const auto of = [&](auto Prediction::*part) -> Value {
            if (!attempt.predicted) return nullptr;
            return (*attempt.predicted).*part;
        };
        execute(database,
                "INSERT OR REPLACE INTO attempts (task, number, run, at, chain, seed, voxels,"
                " gaussians, outcome, error, prepare, encode, structure, occupancy, latent,"
                " gaussians_ms, compress, invisible, opacity_mean, opacity_spread, non_finite,"
                " identity_rotations, extent, route, candidate, scorer, predicted, iqa, alignment,"
                " ssim, lpips, left_out, score_ms, round)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                " ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32,"
                " ?33, (SELECT coalesce(max(round), 0) + 1 FROM attempts WHERE task = ?1"
                " AND superseded = 1))",
                {task,
                 attempt.number,
                 impl_->run(),
                 attempt.at,
                 name(attempt.chain),
                 std::int64_t(attempt.seed),
                 counted(attempt.voxels),
                 counted(attempt.gaussians),
                 name(attempt.outcome),
                 words(attempt.error),
                 measured(attempt.times.prepare),
                 measured(attempt.times.encode),
                 measured(attempt.times.structure),
                 measured(attempt.times.occupancy),
                 measured(attempt.times.latent),
                 measured(attempt.times.gaussians),
                 measured(attempt.times.compress),
                 measured(attempt.health.invisible),
                 measured(attempt.health.opacity_mean),
                 measured(attempt.health.opacity_spread),
                 measured(attempt.health.non_finite),
                 measured(attempt.health.identity_rotations),
                 measured(attempt.health.extent),
                 name(attempt.route),
                 attempt.candidate,
                 of(&Prediction::scorer),
                 of(&Prediction::total),
                 of(&Prediction::iqa),
                 of(&Prediction::alignment),
                 of(&Prediction::ssim),
                 of(&Prediction::lpips),
                 of(&Prediction::left_out),
                 attempt.predicted ? measured(attempt.predicted->milliseconds) : std::nullopt});
        return {};
    });
}

config::Result<void> Journal::gave_up_attempts(TaskRow task, Milliseconds at) {
    return impl_->step(at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state != TaskState::open && known->state != TaskState::abandoned)
            return out_of_order(*known, "begun anew");
        supersede_attempts(database, task);
        return {};
    });
}

config::Result<void> Journal::finished(TaskRow task, const Result& result) {
    return impl_->step(result.at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state == TaskState::submitting || known->state == TaskState::answered ||
            result.outcome == Outcome::none) {
            return out_of_order(*known, "finished");
        }
        const std::optional<std::string_view> asset =
            result.asset.empty() ? std::nullopt : std::optional<std::string_view>(result.asset);
        execute(database,
                "UPDATE tasks SET state = 'finished', run = ?2, outcome = ?3, chosen = ?4,"
                " asset = ?5, asset_bytes = ?6, detail = ?7, finished_at = ?8, closed_at = NULL,"
                " withheld = ?9, predicted = (SELECT number FROM attempts WHERE task = ?1"
                " AND superseded = 0 AND scorer IS NOT NULL"
                " AND number = CASE WHEN ?9 > 0 THEN ?9 ELSE ?4 END) WHERE id = ?1",
                {task, impl_->run(), name(result.outcome), result.attempt, asset, result.bytes,
                 words(result.detail), result.at, result.withheld});
        return {};
    });
}

config::Result<void> Journal::result_lost(TaskRow task, std::string_view detail, Milliseconds at) {
    return impl_->step(at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state != TaskState::finished) return out_of_order(*known, "made anew");
        begin_anew(database, task, at);
        execute(database, "UPDATE tasks SET detail = ?2 WHERE id = ?1", {task, words(detail)});
        return {};
    });
}

config::Result<int> Journal::submitting(TaskRow task, Milliseconds at) {
    return impl_->step(at, [&]() -> config::Result<int> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state != TaskState::finished && known->state != TaskState::submitting) {
            return out_of_order(*known, "submitted");
        }
        const auto last = last_submission(database, task);
        if (last.status == "sent") end_submission(database, task, last.number, "lost", {}, at);
        const int number = last.number + 1;
        execute(database,
                "INSERT INTO submissions (task, number, status, bytes, sent_at, run)"
                " VALUES (?, ?, 'sent', ?, ?, ?)",
                {task, number, known->result.bytes, at, impl_->run()});
        execute(database, "UPDATE tasks SET state = 'submitting', run = ?2 WHERE id = ?1",
                {task, impl_->run()});
        return number;
    });
}

config::Result<void> Journal::answered(TaskRow task, const Answer& answer) {
    return impl_->step(answer.at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->state != TaskState::submitting && known->state != TaskState::answered) {
            return out_of_order(*known, "answered");
        }
        const int number = last_submission(database, task).number;
        end_submission(database, task, number, "answered", {}, answer.at);
        if (answer.feedback) {
            execute(database,
                    "INSERT OR REPLACE INTO feedback (task, number, at, validation_failed, score,"
                    " average_score, accepted_in_window, duel_rating, reward, cooldown_until)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    {task, number, answer.at, answer.validation_failed, answer.score,
                     answer.average_score, answer.accepted_in_window, answer.duel_rating,
                     answer.reward, answer.cooldown_until});
        }
        SQLite::Statement statement(database, "SELECT validator FROM tasks WHERE id = ?");
        bind(statement, {task});
        statement.executeStep();
        note_cooldown(database, statement.getColumn(0).getInt64(), answer.cooldown_until,
                      answer.wait, answer.at);
        close_task(database, task, TaskState::answered, answer.at);
        return {};
    });
}

config::Result<void> Journal::submit_failed(TaskRow task, bool lost, std::string_view detail,
                                            Milliseconds at) {
    return impl_->step(at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto known = find_task(database, task);
        if (!known) return known.error();
        if (known->closed()) return {};  // a pull by another worker told sooner what became of it
        if (known->state != TaskState::submitting) return out_of_order(*known, "lost or refused");
        const int number = last_submission(database, task).number;
        end_submission(database, task, number, lost ? "lost" : "failed", detail, at);
        if (!lost) {
            execute(database, "UPDATE tasks SET state = 'finished' WHERE id = ?", {task});
        }
        return {};
    });
}

config::Result<int> Journal::settled(const std::string& hotkey, const std::string& validator,
                                     std::optional<TaskRow> current, Milliseconds at) {
    return impl_->step(at, [&]() -> config::Result<int> {
        auto& database = impl_->handle();
        SQLite::Statement statement(
            database,
            "SELECT t.id, t.state FROM tasks t JOIN validators v ON v.id = t.validator"
            " JOIN hotkeys h ON h.id = v.hotkey"
            " WHERE t.closed_at IS NULL AND h.address = ? AND v.address = ?");
        bind(statement, {hotkey, validator});
        std::vector<std::pair<TaskRow, TaskState>> unclosed;
        while (statement.executeStep()) {
            unclosed.emplace_back(statement.getColumn(0).getInt64(),
                                  parse_state(statement.getColumn(1).getText()));
        }
        int closed = 0;
        for (const auto& [task, state] : unclosed) {
            if (task == current) continue;
            if (state != TaskState::submitting) {
                close_task(database, task, TaskState::abandoned, at);
                ++closed;
                continue;
            }
            const auto last = last_submission(database, task);
            if (last.status == "sent" && last.run == impl_->run()) continue;
            end_submission(database, task, last.number, "taken", {}, at);
            close_task(database, task, TaskState::answered, at);
            ++closed;
        }
        return closed;
    });
}

config::Result<void> Journal::contacted(const std::string& hotkey, const std::string& validator,
                                        bool reached, std::int64_t cooldown_until,
                                        std::string_view detail, Milliseconds at,
                                        std::optional<Milliseconds> wait) {
    return impl_->step(at, [&]() -> config::Result<void> {
        auto& database = impl_->handle();
        const auto row = validator_row(database, hotkey, validator);
        execute(database, "UPDATE validators SET calls = calls + 1, last_call = ?2 WHERE id = ?1",
                {row, at});
        if (reached) {
            note_cooldown(database, row, cooldown_until, wait, at);
        } else {
            execute(database,
                    "UPDATE validators SET failures = failures + 1, last_failure = ?2,"
                    " last_error = ?3 WHERE id = ?1",
                    {row, at, words(detail)});
        }
        return {};
    });
}

config::Result<void> Journal::together(const std::function<config::Result<void>()>& body) {
    return impl_->step(0, body);
}

config::Result<int> Journal::recover(Milliseconds now) {
    return impl_->step(now, [&]() -> config::Result<int> {
        auto& database = impl_->handle();
        const auto run = impl_->run();
        execute(database,
                "UPDATE attempts SET superseded = 1 WHERE superseded = 0 AND task IN"
                " (SELECT id FROM tasks WHERE closed_at IS NULL AND state = 'open' AND run <> ?)",
                {run});
        execute(database,
                "UPDATE submissions SET status = 'lost', ended_at = ?2 WHERE status = 'sent'"
                " AND run <> ?1 AND task IN (SELECT id FROM tasks WHERE closed_at IS NULL)",
                {run, now});
        SQLite::Statement statement(
            database, "SELECT count(*) FROM tasks WHERE closed_at IS NULL AND run <> ?");
        bind(statement, {run});
        statement.executeStep();
        return statement.getColumn(0).getInt();
    });
}

}  // namespace storage
