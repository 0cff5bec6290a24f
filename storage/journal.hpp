// What happened, step by step, so that a miner killed at any moment knows at the next start what it
// owes whom. Synchronous, for the db lane alone. Every call is one transaction: after it returns,
// the step survives a power cut.
#pragma once

#include "config/result.hpp"
#include "storage/attempt.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace storage {

class Database;

using TaskRow = std::int64_t;

enum class TaskState {
    open,      // pulled, no result yet
    finished,  // a result lies in the artifacts, or the decision to skip is made; not submitted yet
    submitting,  // on its way; if the process dies here, only the next pull tells whether it
                 // arrived
    answered,    // the validator answered: done
    abandoned,   // closed without an answer: the validator gave up on it, or it was lost before a
                 // result
};

enum class Outcome {
    none,
    passed,          // the first attempt reached the gate
    retry_passed,    // a retry reached the gate
    retry_improved,  // still sparse, but better and above the floor: submitted
    rejected,        // sparse: the empty result was submitted
    skipped,         // a kind of task that we cannot do
    error,           // the generation failed; the detail says how
};

struct PulledTask {
    std::string hotkey;     // ours
    std::string validator;  // theirs
    std::string task_id;
    std::string kind;    // "image" or "text"
    std::string prompt;  // as received; its SHA-256 and size are kept, to know it again
    Milliseconds at = 0;
    double threshold = 0.6;  // below it the validator refuses a result, as it said with the task
};

struct Result {
    Outcome outcome = Outcome::none;
    int attempt = 0;         // that was chosen; 0: none
    std::string asset;       // content hash of the SPZ; empty: the empty result
    std::int64_t bytes = 0;  // of the SPZ
    std::string detail;      // for error
    // The attempt that was good enough for the gate or the floor, but would probably be refused,
    // as it was predicted; the outcome is `rejected` then, and `attempt` 0. 0: none.
    int withheld = 0;
    Milliseconds at = 0;
};

struct Answer {
    bool feedback = false;  // false: the validator answered without it
    bool validation_failed = false;
    double score = 0;
    double average_score = 0;
    std::int64_t accepted_in_window = 0;
    double duel_rating = 0;
    double reward = 0;
    std::int64_t cooldown_until = 0;
    // How long that was when the answer came, by the validator's clock; empty: not known.
    std::optional<Milliseconds> wait = {};
    Milliseconds at = 0;
};

// What is already known of a task that was just pulled, and with it what to do:
//   open        generate (unless this process is at it already, which the caller knows)
//   finished    sign and submit `result`; a submission that was thought to have arrived did not
//   submitting  leave it alone: this process is submitting it right now
struct Known {
    TaskRow row = 0;
    TaskState state = TaskState::open;
    bool fresh = true;             // never seen before
    std::optional<Result> result;  // unless open
};

// As they stand in the database and in logs: "retry_passed", "submitting".
std::string_view name(TaskState state);
std::string_view name(Outcome outcome);
std::span<const std::string_view> outcome_names();  // of all but none

// Beyond what Database fails with: missing for a row that does not exist, out_of_order for a step
// that cannot follow the task's state. A step that failed left no trace and may be repeated. Only
// one journal at a time may work on a database: it takes what others left open for its own.
class Journal {
public:
    // The database outlives it. `version` and `settings_hash` describe this run. A failure to
    // record the run is reported by the first step, and each step tries again.
    Journal(Database& database, std::string version, std::string settings_hash, Milliseconds now);
    ~Journal();  // closes the run

    // Records a pulled task, or finds the one recorded before (same hotkey, validator, task id): a
    // task is never doubled. One handed out again is owed again, whatever we thought of it. One
    // that comes back under the same id with another prompt is begun anew.
    config::Result<Known> pulled(const PulledTask& task);
    // Once an attempt is over; the same number again replaces what was written (later stages of the
    // chosen one).
    config::Result<void> attempted(TaskRow task, const Attempt& attempt);
    // The attempts so far came to nothing, as where their backend was lost: they stay, and count no
    // more. The next is the first again.
    config::Result<void> gave_up_attempts(TaskRow task, Milliseconds at);
    config::Result<void> finished(TaskRow task, const Result& result);
    // The asset of a finished result is gone or damaged: the task is open again, its attempts no
    // longer count.
    config::Result<void> result_lost(TaskRow task, std::string_view detail, Milliseconds at);
    // Before the first byte goes out; returns the submission's number, from 1. An earlier one whose
    // end was never told counts as lost.
    config::Result<int> submitting(TaskRow task, Milliseconds at);
    // The validator's answer to the last submission; its cool-down is the validator's newest.
    config::Result<void> answered(TaskRow task, const Answer& answer);
    // The call failed. `lost`: it may have arrived all the same, and the task stays `submitting`
    // until the next pull tells; otherwise the task is finished, not submitted.
    config::Result<void> submit_failed(TaskRow task, bool lost, std::string_view detail,
                                       Milliseconds at);
    // A pull from this validator gave another task, or a cool-down: an earlier submission whose
    // answer was lost had arrived (closed as answered, without feedback), and what was not
    // submitted is no longer wanted (abandoned). Leaves `current` and what this process is
    // submitting right now; returns how many it closed.
    config::Result<int> settled(const std::string& hotkey, const std::string& validator,
                                std::optional<TaskRow> current, Milliseconds at);
    // A call to a validator: calls, failures and cool-down (Unix seconds, and as in Answer), for
    // `miner stats` by validator and for the next start.
    config::Result<void> contacted(const std::string& hotkey, const std::string& validator,
                                   bool reached, std::int64_t cooldown_until,
                                   std::string_view detail, Milliseconds at,
                                   std::optional<Milliseconds> wait = {});

    // Steps that `body` makes are one transaction, which costs the disk one wait for all of them.
    // Kept together once this returns a value; when `body` or the last wait fails, undone together.
    // Within it a step that fails is undone for itself.
    config::Result<void> together(const std::function<config::Result<void>()>& body);

    // At the start: attempts of tasks that were cut off no longer count, submissions under way may
    // have arrived. Returns how many tasks an earlier run left open, finished or submitting; they
    // go on when their validator hands them out again.
    config::Result<int> recover(Milliseconds now);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
