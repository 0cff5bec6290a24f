// What happened, step by step, so that a miner killed at any moment knows at the next start what it owes whom.
// Synchronous, for the db lane alone. Every call is one transaction: after it returns, the step survives a power cut.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

class Database;

using TaskRow = std::int64_t;
using Milliseconds = std::int64_t;  // Unix time

enum class TaskState {
    open,         // pulled, no result yet
    finished,     // a result lies in the artifacts, or the decision to skip is made; not submitted yet
    submitting,   // on its way; if the process dies here, only the next pull tells whether it arrived
    answered,     // the validator answered: done
    abandoned,    // closed without an answer: the validator gave up on it, or it was lost before a result
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
    std::string prompt;  // as received; kept so that a finished result can be signed again
    Milliseconds at = 0;
};

struct Attempt {
    int number = 1;          // from 1
    std::string chain;       // "standard", "extreme"
    std::uint64_t seed = 0;
    std::int64_t voxels = -1;
    std::int64_t gaussians = -1;
    std::string outcome;     // "passed", "sparse", "chosen", "error", ...
    std::string error;       // empty when none
    Milliseconds at = 0;
    // Milliseconds of each stage; negative: did not run.
    double prepare = -1, encode = -1, structure = -1, occupancy = -1, latent = -1, gaussians_ms = -1, compress = -1;
    // Health of what left the machine; negative: not measured.
    double invisible = -1, opacity_mean = -1, opacity_spread = -1, non_finite = -1, identity_rotations = -1, extent = -1;
};

struct Result {
    Outcome outcome = Outcome::none;
    int attempt = 0;         // that was chosen; 0: none
    std::string asset;       // content hash of the SPZ; empty: the empty result
    std::int64_t bytes = 0;  // of the SPZ
    std::string detail;      // for error
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
    Milliseconds at = 0;
};

// What is already known of a task that was just pulled.
struct Known {
    TaskRow row = 0;
    TaskState state = TaskState::open;
    bool fresh = true;  // never seen before
    std::optional<Result> result;
};

class Journal {
public:
    // The database outlives it. `version` and `settings_hash` describe this run.
    Journal(Database& database, std::string version, std::string settings_hash, Milliseconds now);
    ~Journal();  // closes the run

    // Records a pulled task, or finds the one recorded before (same hotkey, validator, task id): a task is never doubled.
    config::Result<Known> pulled(const PulledTask& task);
    config::Result<void> attempted(TaskRow task, const Attempt& attempt);
    config::Result<void> finished(TaskRow task, const Result& result);
    // Before the first byte goes out; returns the submission's number, from 1.
    config::Result<int> submitting(TaskRow task, Milliseconds at);
    // The validator's answer to the last submission.
    config::Result<void> answered(TaskRow task, const Answer& answer);
    // The call failed. `lost`: it may have arrived all the same; otherwise the task is finished, not submitted.
    config::Result<void> submit_failed(TaskRow task, bool lost, std::string_view detail, Milliseconds at);
    // A pull from this validator gave another task, or a cool-down: an earlier submission whose answer was lost had arrived.
    // Closes what is still open there with this validator, except `current`; returns how many.
    config::Result<int> settled(const std::string& hotkey, const std::string& validator, std::optional<TaskRow> current, Milliseconds at);
    // A call to a validator: pulls, failures and cool-down, for `miner stats` by validator.
    config::Result<void> contacted(const std::string& hotkey, const std::string& validator, bool reached, std::int64_t cooldown_until,
                                   std::string_view detail, Milliseconds at);

    // At the start: attempts that were cut off are marked so. Returns how many tasks an earlier run left open, finished or
    // submitting; they go on when their validator hands them out again.
    config::Result<int> recover(Milliseconds now);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
