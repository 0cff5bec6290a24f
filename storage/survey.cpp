#include "storage/survey.hpp"

#include "storage/judgement.hpp"
#include "storage/span.hpp"
#include "storage/sql.hpp"
#include "storage/task_record.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <utility>

namespace storage {
namespace {

using config::kStages;

// Feedback in the order of submissions, read beside them: a join would search for each.
class Feedback {
public:
    Feedback(SQLite::Database& database, TaskRow first, TaskRow last)
        : statement_(database, std::string("SELECT task, number, at, ") + kJudged +
                                   ", score, reward FROM feedback"
                                   " WHERE task BETWEEN ? AND ? ORDER BY task, number") {
        bind(statement_, {first, last});
        next();
    }

    // Of this submission, when there is one; to be asked in ascending order. A judgement stands
    // until a newer one: what is said without effect, or of the empty result, takes none back.
    void take(TaskRow row, int number, bool result, Decided& task) {
        while (place_ < std::pair(row, number)) next();
        if (place_ != std::pair(row, number)) return;
        const auto at = statement_.getColumn(2).getInt64();
        if (const auto reward = statement_.getColumn(5); !reward.isNull()) {
            task.rewarded = true;
            task.reward = reward.getDouble();
            task.rewarded_at = at;
        }
        if (!result) return;
        task.feedback = true;
        if (statement_.getColumn(3).getInt() == 0) return;
        task.scored = true;
        task.score = statement_.getColumn(4).getDouble();
        task.scored_at = at;
    }

private:
    void next() {
        place_ = {std::numeric_limits<TaskRow>::max(), 0};
        if (statement_.executeStep()) {
            place_ = {statement_.getColumn(0).getInt64(), statement_.getColumn(1).getInt()};
        }
    }

    SQLite::Statement statement_;
    std::pair<TaskRow, int> place_;
};

// A decided task, and where the times of its hotkey go.
struct Seen : Decided {
    Times* times = nullptr;
};

// One way through the tables.
class Survey {
public:
    Survey(SQLite::Database& database, Counted& counted) : database_(database), counted_(counted) {}

    void operator()(const Bounds& bounds) {
        read_tasks(bounds);
        if (tasks_.empty()) return;
        read_attempts();
        read_submissions();
        for (const auto& task : tasks_)
            counted_.add({task.validator, task.kind, task.route}, day_of(task.pulled_at),
                         static_cast<const Decided&>(task));
    }

private:
    void read_tasks(const Bounds& bounds);
    void read_attempts();
    void read_submissions();

    // Rows of attempts and submissions come in the order of their tasks, so a walk beside them
    // finds each task without a search. Null for a task that is not among the selected.
    Seen* walk_to(TaskRow row, std::size_t& at) {
        while (at < tasks_.size() && tasks_[at].row < row) ++at;
        return at < tasks_.size() && tasks_[at].row == row ? &tasks_[at] : nullptr;
    }

    SQLite::Database& database_;
    Counted& counted_;
    std::vector<Seen> tasks_;  // by row
};

void Survey::read_tasks(const Bounds& bounds) {
    SQLite::Statement statement(
        database_,
        std::string("SELECT id, pulled_at, validator, kind, outcome, begun_at, finished_at,"
                    " withheld FROM tasks WHERE outcome IS NOT NULL AND ") +
            kWithin + " ORDER BY pulled_at, id");
    bind(statement, {bounds.since, bounds.until, bounds.hotkeys});
    while (statement.executeStep()) {
        Seen task;
        task.row = statement.getColumn(0).getInt64();
        task.pulled_at = statement.getColumn(1).getInt64();
        if (task.pulled_at == bounds.since && task.row < bounds.first) continue;
        task.validator = statement.getColumn(2).getInt64();
        task.kind = counted_.kind(statement.getColumn(3).getText());
        task.outcome = parse_outcome(statement.getColumn(4).getText());
        task.withheld = statement.getColumn(7).getInt() > 0;
        task.times = &counted_.times[counted_.pairs.at(task.validator).hotkey_row];
        if (task.outcome != Outcome::skipped) {
            const auto begun = statement.getColumn(5).getInt64();
            const auto finished = statement.getColumn(6).getInt64();
            if (finished >= begun)  // clocks step back
                (*task.times)[kTotalTime].add(bucket_of_time(double(finished - begun)));
        }
        tasks_.push_back(task);
    }
    const auto by_row = [](const Decided& a, const Decided& b) { return a.row < b.row; };
    if (!std::is_sorted(tasks_.begin(), tasks_.end(), by_row)) {
        std::sort(tasks_.begin(), tasks_.end(), by_row);
    }
}

void Survey::read_attempts() {
    constexpr int kCandidate = int(3 + kStages.size() + 1);  // its column, after the route's
    SQLite::Statement statement(
        database_,
        "SELECT task, number, outcome, prepare, encode, structure, occupancy, latent,"
        " gaussians_ms, compress, route, candidate, score_ms FROM attempts"
        " WHERE superseded = 0 AND task BETWEEN ? AND ? ORDER BY task");
    bind(statement, {tasks_.front().row, tasks_.back().row});
    std::size_t at = 0;
    while (statement.executeStep()) {
        Seen* task = walk_to(statement.getColumn(0).getInt64(), at);
        if (!task) continue;
        const int number = statement.getColumn(1).getInt();
        if (number > task->last_attempt) {
            task->last_attempt = number;
            task->route = counted_.route(statement.getColumn(kCandidate - 1).getText());
        }
        if (statement.getColumn(kCandidate).getInt() != 0) {
            ++task->candidates;
        } else if (number > 1) {
            ++task->retries;
        } else {
            task->sparse_first = statement.getColumn(2).getText() == name(AttemptOutcome::sparse);
        }
        for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
            const auto column = statement.getColumn(int(3 + stage));
            if (!column.isNull()) (*task->times)[stage].add(bucket_of_time(column.getDouble()));
        }
        const auto scored = statement.getColumn(kCandidate + 1);
        if (!scored.isNull()) (*task->times)[kScoreTime].add(bucket_of_time(scored.getDouble()));
    }
}

void Survey::read_submissions() {
    SQLite::Statement statement(
        database_,
        "SELECT task, number, status, bytes, sent_at, ended_at FROM submissions"
        " WHERE task BETWEEN ? AND ? ORDER BY task, number");
    bind(statement, {tasks_.front().row, tasks_.back().row});
    Feedback feedback(database_, tasks_.front().row, tasks_.back().row);
    std::size_t at = 0;
    while (statement.executeStep()) {
        const TaskRow row = statement.getColumn(0).getInt64();
        Seen* task = walk_to(row, at);
        if (!task) continue;
        const std::string_view status = statement.getColumn(2).getText();
        const bool answered = status == "answered";
        const auto took = statement.getColumn(5).getInt64() - statement.getColumn(4).getInt64();
        if (answered && took >= 0) (*task->times)[kSubmitTime].add(bucket_of_time(double(took)));
        const bool result = statement.getColumn(3).getInt64() > 0;  // not the empty one
        if (result && status != "failed" && status != "returned") task->submitted = true;
        if (answered) feedback.take(row, statement.getColumn(1).getInt(), result, *task);
    }
}

}  // namespace

Counted::Counted(SQLite::Database& database) {
    SQLite::Statement statement(database,
                                "SELECT v.id, v.address, h.address, h.id FROM validators v"
                                " JOIN hotkeys h ON h.id = v.hotkey");
    while (statement.executeStep())
        pairs.emplace(statement.getColumn(0).getInt64(),
                      Pair{statement.getColumn(1).getString(), statement.getColumn(2).getString(),
                           statement.getColumn(3).getInt64()});
}

// Where `name` is among `names`, at whose end it is put when it is new.
std::int16_t Counted::index_in(std::vector<std::string>& names, std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    const auto index = std::int16_t(found - names.begin());
    if (found == names.end()) names.emplace_back(name);
    return index;
}

void survey(SQLite::Database& database, const Bounds& bounds, Counted& counted) {
    Survey(database, counted)(bounds);
}

}  // namespace storage
