// One task as the database has it, and the changes of its state that several steps share. Inside
// the caller's transaction. For storage/*.cpp; throws what SQLiteCpp throws.
#pragma once

#include "config/result.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace SQLite {
class Database;
}

namespace storage {

// As far as the next step depends on it.
struct TaskRecord {
    TaskRow row = 0;
    TaskState state = TaskState::open;
    std::int64_t run = 0;  // that had it in hand last
    std::string kind, prompt_sha256;
    Result result;  // outcome none: no result yet

    // One that was to be kept as an asset and was not cannot be submitted again.
    bool has_result() const {
        return result.outcome != Outcome::none && (!result.asset.empty() || result.bytes == 0);
    }
    bool closed() const { return state == TaskState::answered || state == TaskState::abandoned; }
};

// Fails with missing.
config::Result<TaskRecord> find_task(SQLite::Database& database, TaskRow task);
std::optional<TaskRecord> find_task(SQLite::Database& database, std::int64_t validator,
                                    const std::string& task_id);

TaskState parse_state(std::string_view name);
Outcome parse_outcome(std::string_view name);
EnhancementChain parse_chain(std::string_view name);
Route parse_route(std::string_view name);
AttemptOutcome parse_attempt_outcome(std::string_view name);

// Those of the task until now no longer count.
void supersede_attempts(SQLite::Database& database, TaskRow task);
// Open again as if nothing had been made yet; earlier attempts no longer count.
void begin_anew(SQLite::Database& database, TaskRow task, Milliseconds at);
void close_task(SQLite::Database& database, TaskRow task, TaskState state, Milliseconds at);

struct LastSubmission {
    int number = 0;  // 0: none
    std::int64_t run = 0;
    std::string status;
};

LastSubmission last_submission(SQLite::Database& database, TaskRow task);
void end_submission(SQLite::Database& database, TaskRow task, int number, const char* status,
                    std::string_view detail, Milliseconds at);

// Words for a person, cut to a bearable length (a peer's can be long); null when there are none.
std::optional<std::string_view> words(std::string_view detail);

}  // namespace storage
