#include "storage/task_record.hpp"

#include "storage/errc.hpp"
#include "storage/sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>

namespace storage {
namespace {

constexpr std::size_t kLongestDetail = 1000;

// The one text of each, in the order of its enum.
constexpr std::array<std::string_view, 5> kStates{"open", "finished", "submitting", "answered",
                                                  "abandoned"};
constexpr std::array<std::string_view, 7> kOutcomes{
    "none", "passed", "retry_passed", "retry_improved", "rejected", "skipped", "error"};
constexpr std::array<std::string_view, 3> kChains{"standard", "extreme", "prompt"};
constexpr std::array<std::string_view, 3> kRoutes{"picture", "prompt", "prompt_via_picture"};
constexpr std::array<std::string_view, 5> kAttemptOutcomes{"error", "passed", "sparse", "chosen",
                                                           "unhealthy"};

constexpr const char* kColumns =
    "SELECT id, state, run, kind, prompt_sha256, outcome, chosen, asset, asset_bytes, detail,"
    " finished_at, withheld FROM tasks WHERE ";

// The first name stands for whatever is none of them; the schema lets nothing else in.
template <class Enum, std::size_t N>
Enum parse(const std::array<std::string_view, N>& names, std::string_view text) {
    const auto found = std::find(names.begin(), names.end(), text);
    return found == names.end() ? Enum{} : Enum(found - names.begin());
}

std::optional<TaskRecord> read(SQLite::Statement& statement) {
    if (!statement.executeStep()) return std::nullopt;
    TaskRecord task;
    task.row = statement.getColumn(0).getInt64();
    task.state = parse_state(statement.getColumn(1).getText());
    task.run = statement.getColumn(2).getInt64();
    task.kind = statement.getColumn(3).getString();
    task.prompt_sha256 = statement.getColumn(4).getString();
    task.result.outcome = parse_outcome(statement.getColumn(5).getText());
    task.result.attempt = statement.getColumn(6).getInt();
    task.result.asset = statement.getColumn(7).getString();
    task.result.bytes = statement.getColumn(8).getInt64();
    task.result.detail = statement.getColumn(9).getString();
    task.result.at = statement.getColumn(10).getInt64();
    task.result.withheld = statement.getColumn(11).getInt();
    return task;
}

}  // namespace

std::string_view name(TaskState state) { return kStates[std::size_t(state)]; }
std::string_view name(Outcome outcome) { return kOutcomes[std::size_t(outcome)]; }
std::string_view name(EnhancementChain chain) { return kChains[std::size_t(chain)]; }
std::string_view name(Route route) { return kRoutes[std::size_t(route)]; }
std::string_view name(AttemptOutcome outcome) { return kAttemptOutcomes[std::size_t(outcome)]; }
std::span<const std::string_view> outcome_names() { return std::span(kOutcomes).subspan(1); }
TaskState parse_state(std::string_view name) { return parse<TaskState>(kStates, name); }
Outcome parse_outcome(std::string_view name) { return parse<Outcome>(kOutcomes, name); }
EnhancementChain parse_chain(std::string_view name) {
    return parse<EnhancementChain>(kChains, name);
}
Route parse_route(std::string_view name) { return parse<Route>(kRoutes, name); }
AttemptOutcome parse_attempt_outcome(std::string_view name) {
    return parse<AttemptOutcome>(kAttemptOutcomes, name);
}

std::optional<std::string_view> words(std::string_view detail) {
    if (detail.empty()) return std::nullopt;
    return detail.substr(0, kLongestDetail);
}

config::Result<TaskRecord> find_task(SQLite::Database& database, TaskRow task) {
    SQLite::Statement statement(database, std::string(kColumns) + "id = ?");
    bind(statement, {task});
    if (auto record = read(statement)) return *record;
    return config::fail(Errc::missing, "task " + std::to_string(task));
}

std::optional<TaskRecord> find_task(SQLite::Database& database, std::int64_t validator,
                                    const std::string& task_id) {
    SQLite::Statement statement(database, std::string(kColumns) + "validator = ? AND task_id = ?");
    bind(statement, {validator, task_id});
    return read(statement);
}

void supersede_attempts(SQLite::Database& database, TaskRow task) {
    execute(database, "UPDATE attempts SET superseded = 1 WHERE task = ? AND superseded = 0",
            {task});
}

void begin_anew(SQLite::Database& database, TaskRow task, Milliseconds at) {
    supersede_attempts(database, task);
    execute(database,
            "UPDATE tasks SET state = 'open', outcome = NULL, chosen = NULL, asset = NULL,"
            " asset_bytes = NULL, detail = NULL, finished_at = NULL, closed_at = NULL,"
            " withheld = 0, predicted = NULL, begun_at = ?2 WHERE id = ?1",
            {task, at});
}

void close_task(SQLite::Database& database, TaskRow task, TaskState state, Milliseconds at) {
    execute(database, "UPDATE tasks SET state = ?2, closed_at = ?3 WHERE id = ?1",
            {task, name(state), at});
}

LastSubmission last_submission(SQLite::Database& database, TaskRow task) {
    SQLite::Statement statement(database,
                                "SELECT number, run, status FROM submissions WHERE task = ?"
                                " ORDER BY number DESC LIMIT 1");
    bind(statement, {task});
    if (!statement.executeStep()) return {};
    return {statement.getColumn(0).getInt(), statement.getColumn(1).getInt64(),
            statement.getColumn(2).getString()};
}

void end_submission(SQLite::Database& database, TaskRow task, int number, const char* status,
                    std::string_view detail, Milliseconds at) {
    execute(database,
            "UPDATE submissions SET status = ?3, detail = coalesce(?4, detail), ended_at = ?5"
            " WHERE task = ?1 AND number = ?2",
            {task, number, status, words(detail), at});
}

}  // namespace storage
