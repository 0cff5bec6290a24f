#include "storage/listing.hpp"

#include "storage/guard.hpp"
#include "storage/judgement.hpp"
#include "storage/sql.hpp"
#include "storage/task_record.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>

namespace storage {
namespace {

// The newest judgement of a result of the task `t`.
const std::string kScore =
    std::string(
        "(SELECT f.score FROM feedback f JOIN submissions s USING (task, number)"
        "  WHERE f.task = t.id AND s.bytes > 0 AND ") +
    kJudged + "  ORDER BY f.number DESC LIMIT 1)";

// Rows are given out in the order of the pulls, so the primary key is the order of time.
const std::string kTask =
    std::string(
        "SELECT t.id, t.task_id, h.address, v.address, t.kind, t.state, t.outcome, t.pulled_at,"
        " t.finished_at, t.closed_at, t.asset, t.asset_bytes, t.detail,"
        " (SELECT count(*) FROM attempts a WHERE a.task = t.id AND a.superseded = 0),"
        " (SELECT a.gaussians FROM attempts a WHERE a.task = t.id AND a.superseded = 0"
        "  AND a.number = 1 ORDER BY a.round DESC LIMIT 1),"
        " (SELECT a.gaussians FROM attempts a WHERE a.task = t.id AND a.superseded = 0"
        "  AND a.number = t.chosen ORDER BY a.round DESC LIMIT 1), ") +
    kScore +
    ","
    " f.validation_failed, f.average_score, f.reward, t.threshold, t.withheld, t.predicted,"
    " (SELECT a.predicted FROM attempts a WHERE a.task = t.id AND a.superseded = 0"
    "  AND a.number = t.predicted ORDER BY a.round DESC LIMIT 1), t.chosen"
    " FROM tasks t JOIN validators v ON v.id = t.validator JOIN hotkeys h ON h.id = v.hotkey"
    " LEFT JOIN feedback f ON f.task = t.id AND f.number ="
    "  (SELECT max(g.number) FROM feedback g WHERE g.task = t.id)";

std::optional<std::int64_t> whole(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return column.getInt64();
}

std::optional<double> number(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return column.getDouble();
}

double or_negative(const SQLite::Column& column) {
    return column.isNull() ? -1 : column.getDouble();
}

double or_nan(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

std::string text(const SQLite::Column& column) {
    return column.isNull() ? std::string() : column.getString();
}

TaskLine read_line(SQLite::Statement& row) {
    TaskLine line;
    line.row = row.getColumn(0).getInt64();
    line.task_id = row.getColumn(1).getString();
    line.hotkey = row.getColumn(2).getString();
    line.validator = row.getColumn(3).getString();
    line.kind = row.getColumn(4).getString();
    line.state = parse_state(row.getColumn(5).getString());
    if (!row.getColumn(6).isNull()) line.outcome = parse_outcome(row.getColumn(6).getString());
    line.pulled_at = row.getColumn(7).getInt64();
    line.finished_at = whole(row.getColumn(8));
    line.closed_at = whole(row.getColumn(9));
    line.asset = text(row.getColumn(10));
    line.bytes = whole(row.getColumn(11)).value_or(0);
    line.detail = text(row.getColumn(12));
    line.attempts = row.getColumn(13).getInt();
    line.first_gaussians = whole(row.getColumn(14)).value_or(-1);
    line.gaussians = whole(row.getColumn(15)).value_or(-1);
    line.score = number(row.getColumn(16));
    line.validation_failed = whole(row.getColumn(17)).value_or(0) != 0;
    line.average = number(row.getColumn(18));
    line.reward = number(row.getColumn(19));
    line.threshold = number(row.getColumn(20)).value_or(line.threshold);
    line.withheld = row.getColumn(21).getInt();
    if (!row.getColumn(22).isNull()) line.predicted = or_nan(row.getColumn(23));
    line.chosen = int(whole(row.getColumn(24)).value_or(0));
    return line;
}

std::vector<AttemptLine> read_attempts(SQLite::Database& database, TaskRow task) {
    SQLite::Statement row(
        database,
        "SELECT number, chain, seed, voxels, gaussians, outcome, error, at, prepare, encode,"
        " structure, occupancy, latent, gaussians_ms, compress, invisible, opacity_mean,"
        " opacity_spread, non_finite, identity_rotations, extent, superseded, route, candidate, "
        "scorer,"
        " predicted, iqa, alignment, ssim, lpips, left_out, score_ms FROM attempts WHERE task = ? "
        "ORDER BY round, number");
    bind(row, {task});
    std::vector<AttemptLine> lines;
    while (row.executeStep()) {
        auto& line = lines.emplace_back();
        auto& a = line.attempt;
        a.number = row.getColumn(0).getInt();
        a.chain = parse_chain(row.getColumn(1).getText());
        a.seed = std::uint64_t(row.getColumn(2).getInt64());
        a.voxels = whole(row.getColumn(3)).value_or(-1);
        a.gaussians = whole(row.getColumn(4)).value_or(-1);
        a.outcome = parse_attempt_outcome(row.getColumn(5).getText());
        a.error = text(row.getColumn(6));
        a.at = row.getColumn(7).getInt64();
        auto& h = a.health;
        double* const health[] = {&h.invisible,  &h.opacity_mean,       &h.opacity_spread,
                                  &h.non_finite, &h.identity_rotations, &h.extent};
        int column = 8;
        for (const auto& stage : config::kStages)
            a.times.*stage.time = or_negative(row.getColumn(column++));
        for (double* value : health) *value = or_negative(row.getColumn(column++));
        line.superseded = row.getColumn(column++).getInt() != 0;
        a.route = parse_route(row.getColumn(column++).getText());
        a.candidate = row.getColumn(column++).getInt() != 0;
        if (row.getColumn(column).isNull()) continue;
        a.predicted = Prediction{.total = or_nan(row.getColumn(column + 1)),
                                 .iqa = or_nan(row.getColumn(column + 2)),
                                 .alignment = or_nan(row.getColumn(column + 3)),
                                 .ssim = or_nan(row.getColumn(column + 4)),
                                 .lpips = or_nan(row.getColumn(column + 5)),
                                 .left_out = text(row.getColumn(column + 6)),
                                 .scorer = row.getColumn(column).getString(),
                                 .milliseconds = or_negative(row.getColumn(column + 7))};
    }
    return lines;
}

std::vector<SubmissionLine> read_submissions(SQLite::Database& database, TaskRow task) {
    SQLite::Statement row(
        database, std::string("SELECT s.number, s.status, s.detail, s.bytes, s.sent_at, s.ended_at,"
                              " CASE WHEN s.bytes > 0 AND ") +
                      kJudged +
                      " THEN f.score END FROM submissions s LEFT JOIN feedback f"
                      " ON f.task = s.task AND f.number = s.number"
                      " WHERE s.task = ? ORDER BY s.number");
    bind(row, {task});
    std::vector<SubmissionLine> lines;
    while (row.executeStep())
        lines.push_back({row.getColumn(0).getInt(), row.getColumn(1).getString(),
                         text(row.getColumn(2)), row.getColumn(3).getInt64(),
                         row.getColumn(4).getInt64(), whole(row.getColumn(5)),
                         number(row.getColumn(6))});
    return lines;
}

}  // namespace

config::Result<std::vector<TaskLine>> list_tasks(Database& database, int limit,
                                                 std::optional<TaskRow> before) {
    return guarded(database, [&]() -> config::Result<std::vector<TaskLine>> {
        SQLite::Statement row(database.handle(),
                              kTask + " WHERE t.id < ? ORDER BY t.id DESC LIMIT ?");
        bind(row, {before.value_or(std::numeric_limits<TaskRow>::max()),
                   std::clamp(limit, 0, kLongestListing)});
        std::vector<TaskLine> lines;
        while (row.executeStep()) lines.push_back(read_line(row));
        return lines;
    });
}

config::Result<TaskListing> find_tasks(Database& database, const TaskFilter& filter, int limit,
                                       std::optional<TaskRow> before) {
    return guarded(database, [&]() -> config::Result<TaskListing> {
        SQLite::Transaction as_of_one_moment(database.handle());
        const auto newest =
            database.handle().execAndGet("SELECT coalesce(max(id), 0) FROM tasks").getInt64();
        const auto end = std::min(before.value_or(newest + 1), newest + 1);
        const auto begin = std::max<TaskRow>(end - kLongestSearch, 0);
        const auto most = std::clamp(limit, 0, kLongestListing);
        SQLite::Statement row(database.handle(), kTask +
                                                     " WHERE t.id < ?1 AND t.id >= ?2"
                                                     " AND (?3 IS NULL OR t.outcome = ?3)"
                                                     " AND (?4 IS NULL OR (t.withheld > 0) = ?4)"
                                                     " AND (?5 = '' OR v.address = ?5)"
                                                     " AND (?6 IS NULL OR " +
                                                     kScore + " < ?6) ORDER BY t.id DESC LIMIT ?7");
        std::optional<std::string_view> outcome;
        if (filter.outcome) outcome = name(*filter.outcome);
        bind(row, {end, begin, outcome, filter.withheld, filter.validator, filter.below, most});
        TaskListing listing;
        while (row.executeStep()) listing.tasks.push_back(read_line(row));
        const bool full = most > 0 && int(listing.tasks.size()) == most;
        const auto reached = full ? listing.tasks.back().row : begin;
        const auto oldest =
            database.handle().execAndGet("SELECT coalesce(min(id), 0) FROM tasks").getInt64();
        if (oldest < reached) listing.next = reached;
        return listing;
    });
}

config::Result<TaskStory> task_story(Database& database, TaskRow task) {
    return guarded(database, [&]() -> config::Result<TaskStory> {
        SQLite::Transaction as_of_one_moment(database.handle());
        SQLite::Statement row(database.handle(), kTask + " WHERE t.id = ?");
        bind(row, {task});
        if (!row.executeStep())
            return config::fail(Errc::missing, "no task has the row " + std::to_string(task));
        return TaskStory{read_line(row), read_attempts(database.handle(), task),
                         read_submissions(database.handle(), task)};
    });
}

}  // namespace storage
