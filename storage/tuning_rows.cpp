#include "storage/tuning_rows.hpp"

#include "storage/guard.hpp"
#include "storage/judgement.hpp"
#include "storage/sql.hpp"
#include "storage/task_record.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>

namespace storage {
namespace {

const std::string kTasks =
    std::string(
        "SELECT t.id, t.kind, t.outcome, t.pulled_at, t.threshold, t.chosen, t.withheld,"
        " (SELECT f.score FROM feedback f JOIN submissions s USING (task, number)"
        "  WHERE f.task = t.id AND s.bytes > 0 AND ") +
    kJudged +
    "  ORDER BY f.number DESC LIMIT 1) FROM"
    " (SELECT id FROM tasks WHERE outcome IS NOT NULL AND outcome <> ?5 AND " +
    kWithin +
    "  ORDER BY pulled_at DESC, id DESC LIMIT ?4) newest JOIN tasks t ON t.id = newest.id"
    " ORDER BY t.pulled_at DESC, t.id DESC";

double or_nan(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

TuningRow read_task(SQLite::Statement& row) {
    TuningRow task;
    task.row = row.getColumn(0).getInt64();
    task.kind = row.getColumn(1).getString();
    task.outcome = parse_outcome(row.getColumn(2).getText());
    task.pulled_at = row.getColumn(3).getInt64();
    if (const auto told = row.getColumn(4); !told.isNull()) task.threshold = told.getDouble();
    task.chosen = row.getColumn(5).getInt();
    task.withheld = row.getColumn(6).getInt();
    if (const auto judged = row.getColumn(7); !judged.isNull()) task.score = judged.getDouble();
    return task;
}

Attempt read_attempt(SQLite::Statement& row) {
    Attempt attempt;
    attempt.number = row.getColumn(0).getInt();
    attempt.chain = parse_chain(row.getColumn(1).getText());
    attempt.route = parse_route(row.getColumn(2).getText());
    if (const auto gaussians = row.getColumn(3); !gaussians.isNull())
        attempt.gaussians = gaussians.getInt64();
    attempt.outcome = parse_attempt_outcome(row.getColumn(4).getText());
    attempt.candidate = row.getColumn(5).getInt() != 0;
    if (!row.getColumn(6).isNull())
        attempt.predicted = Prediction{.total = or_nan(row.getColumn(7)),
                                       .left_out = row.getColumn(8).getString(),
                                       .scorer = row.getColumn(6).getString()};
    return attempt;
}

}  // namespace

config::Result<std::vector<TuningRow>> tuning_rows(Database& database, const Span& span) {
    return guarded(database, [&]() -> config::Result<std::vector<TuningRow>> {
        SQLite::Transaction as_of_one_moment(database.handle());
        const auto asked = span.last.value_or(0);
        const auto most = asked > 0 ? std::min<std::int64_t>(asked, kMostTuningRows)
                                    : std::int64_t(kMostTuningRows);
        SQLite::Statement row(database.handle(), kTasks);
        bind(row, {span.since.value_or(std::numeric_limits<Milliseconds>::min()),
                   span.until.value_or(std::numeric_limits<Milliseconds>::max()),
                   joined(span.hotkeys), most, name(Outcome::skipped)});
        SQLite::Statement attempt(
            database.handle(),
            "SELECT number, chain, route, gaussians, outcome, candidate, scorer, predicted,"
            " left_out FROM attempts WHERE task = ? AND superseded = 0 ORDER BY round, number");
        std::vector<TuningRow> tasks;
        while (row.executeStep()) {
            auto& task = tasks.emplace_back(read_task(row));
            attempt.reset();
            bind(attempt, {task.row});
            while (attempt.executeStep()) task.attempts.push_back(read_attempt(attempt));
        }
        return tasks;
    });
}

}  // namespace storage
