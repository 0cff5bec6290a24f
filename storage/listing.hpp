// Tasks one by one, newest first, for people who look at them. Reads only; works beside a running
// miner. Fails as Database does, and with missing.
#pragma once

#include "config/result.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

// A task in one line. Addresses, task ids and details may hold a peer's words.
struct TaskLine {
    TaskRow row = 0;
    std::string task_id, hotkey, validator, kind;
    TaskState state = TaskState::open;
    Outcome outcome = Outcome::none;
    Milliseconds pulled_at = 0;
    std::optional<Milliseconds> finished_at, closed_at;
    int attempts = 0;                   // that count
    std::int64_t first_gaussians = -1;  // of the first attempt; negative: none
    std::int64_t gaussians = -1;        // of the chosen one; negative: none
    std::string asset;                  // content hash; empty: none
    std::int64_t bytes = 0;             // of the SPZ
    std::string detail;                 // of an error
    std::optional<double> score;        // of the newest judgement (storage/judgement.hpp)
    // Of the chosen attempt or of the withheld one; NaN where the validator would fail over it.
    std::optional<double> predicted;
    double threshold = 0.6;  // the validator's, with the task
    int chosen = 0;          // the attempt whose result was kept to be sent; 0: none
    int withheld = 0;        // the attempt that was not sent for its predicted score; 0: none
    bool validation_failed = false;         // says the newest feedback, as the two that follow
    std::optional<double> average, reward;  // the validator's of us, not of this task
};

struct AttemptLine {
    Attempt attempt;
    bool superseded = false;  // cut off, or its result was lost
};

struct SubmissionLine {
    int number = 1;
    std::string status, detail;
    std::int64_t bytes = 0;
    Milliseconds sent_at = 0;
    std::optional<Milliseconds> ended_at;
    std::optional<double> score;  // when the feedback on it is a judgement
};

struct TaskStory {
    TaskLine task;
    std::vector<AttemptLine> attempts;  // in the order in which they were made
    std::vector<SubmissionLine> submissions;
};

constexpr int kLongestListing = 1000;
// Rows that one question looks at, whatever it asks for and however few it finds.
constexpr TaskRow kLongestSearch = 20'000;

// Which tasks are wanted: those of which all that is set holds.
struct TaskFilter {
    std::optional<Outcome> outcome;
    std::optional<bool> withheld;  // whether its result was, for its predicted score
    std::string validator;         // its address; empty: any
    std::optional<double> below;   // judged, with a lower score (storage/judgement.hpp)
};

struct TaskListing {
    std::vector<TaskLine> tasks;
    std::optional<TaskRow> next;  // `before` of a question that goes on; unset: none are left
};

// The newest tasks, or those older than row `before`; at most `limit` of them.
config::Result<std::vector<TaskLine>> list_tasks(Database& database, int limit,
                                                 std::optional<TaskRow> before = {});
// The newest of those that are wanted, found along the primary key within the newest kLongestSearch
// rows (older than `before`), so that no filter costs more on a larger database.
config::Result<TaskListing> find_tasks(Database& database, const TaskFilter& filter, int limit,
                                       std::optional<TaskRow> before = {});
config::Result<TaskStory> task_story(Database& database, TaskRow row);

}  // namespace storage
