#include "storage/report.hpp"

#include "config/stage_times.hpp"
#include "storage/guard.hpp"
#include "storage/judgement.hpp"
#include "storage/sql.hpp"
#include "storage/tally.hpp"
#include "storage/task_record.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace storage {
namespace {

using config::kStages;

constexpr std::int64_t kUsualLast = 100;
constexpr Milliseconds kDay = 86'400'000;

// A span as bounds: of time, and where `last` cut in.
struct Bounds {
    Milliseconds since = std::numeric_limits<Milliseconds>::min();
    Milliseconds until = std::numeric_limits<Milliseconds>::max();
    TaskRow first = 0;    // of those pulled at `since` itself, lower rows are out
    std::string hotkeys;  // apart by blanks
};

const std::string kDecided = std::string(" FROM tasks WHERE outcome IS NOT NULL AND ") + kWithin;

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

// What `statistics` gathers on one way through the tables.
class Survey {
public:
    explicit Survey(SQLite::Database& database) : database_(database) {}

    Statistics operator()(const Span& span) {
        read_tasks(bounds(span));
        if (!tasks_.empty()) {
            read_attempts();
            read_submissions();
        }
        return summary();
    }

private:
    Bounds bounds(const Span& span);
    void read_tasks(const Bounds& bounds);
    void read_attempts();
    void read_submissions();
    Statistics summary();

    struct Pair {
        std::string validator, hotkey;
    };
    std::unordered_map<std::int64_t, Pair> pairs();

    // Rows of attempts and submissions come in the order of their tasks, so a walk beside them
    // finds each task without a search. Null for a task that is not among the selected.
    Decided* walk_to(TaskRow row, std::size_t& at) {
        while (at < tasks_.size() && tasks_[at].row < row) ++at;
        return at < tasks_.size() && tasks_[at].row == row ? &tasks_[at] : nullptr;
    }

    SQLite::Database& database_;
    std::vector<Decided> tasks_;  // by row
    std::vector<std::string> kinds_, routes_;
    std::array<std::vector<double>, kStages.size()> stages_;
    std::vector<double> score_, total_, submit_;
    std::optional<Milliseconds> first_, newest_;
};

Bounds Survey::bounds(const Span& span) {
    Bounds bounds;
    if (span.since) bounds.since = *span.since;
    if (span.until) bounds.until = *span.until;
    bounds.hotkeys = joined(span.hotkeys);
    const auto last = span.last.value_or(span.since || span.until ? 0 : kUsualLast);
    if (last <= 0) return bounds;
    SQLite::Statement statement(database_, "SELECT pulled_at, id" + kDecided +
                                               " AND outcome <> ?5"
                                               " ORDER BY pulled_at DESC, id DESC"
                                               " LIMIT 1 OFFSET ?4");
    bind(statement, {bounds.since, bounds.until, bounds.hotkeys, last - 1, name(Outcome::skipped)});
    if (statement.executeStep()) {
        bounds.since = statement.getColumn(0).getInt64();
        bounds.first = statement.getColumn(1).getInt64();
    }
    return bounds;
}

// Where `name` is among `names`, at whose end it is put when it is new.
std::int16_t index_in(std::vector<std::string>& names, const char* name) {
    const auto found = std::find(names.begin(), names.end(), name);
    const auto index = std::int16_t(found - names.begin());
    if (found == names.end()) names.emplace_back(name);
    return index;
}

void Survey::read_tasks(const Bounds& bounds) {
    SQLite::Statement statement(
        database_,
        "SELECT id, pulled_at, validator, kind, outcome, begun_at, finished_at, withheld" +
            kDecided + " ORDER BY pulled_at, id");
    bind(statement, {bounds.since, bounds.until, bounds.hotkeys});
    while (statement.executeStep()) {
        Decided task;
        task.row = statement.getColumn(0).getInt64();
        const auto pulled_at = statement.getColumn(1).getInt64();
        if (pulled_at == bounds.since && task.row < bounds.first) continue;
        task.validator = statement.getColumn(2).getInt64();
        task.kind = index_in(kinds_, statement.getColumn(3).getText());
        task.outcome = parse_outcome(statement.getColumn(4).getText());
        task.day = std::int32_t((pulled_at - (pulled_at < 0 ? kDay - 1 : 0)) / kDay);
        task.withheld = statement.getColumn(7).getInt() > 0;
        if (task.outcome != Outcome::skipped) {
            const auto begun = statement.getColumn(5).getInt64();
            const auto finished = statement.getColumn(6).getInt64();
            if (finished >= begun) total_.push_back(double(finished - begun));  // clocks step back
        }
        if (!first_) first_ = pulled_at;
        newest_ = pulled_at;
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
        Decided* task = walk_to(statement.getColumn(0).getInt64(), at);
        if (!task) continue;
        const int number = statement.getColumn(1).getInt();
        if (number > task->last_attempt) {
            task->last_attempt = number;
            task->route = index_in(routes_, statement.getColumn(kCandidate - 1).getText());
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
            if (!column.isNull()) stages_[stage].push_back(column.getDouble());
        }
        const auto scored = statement.getColumn(kCandidate + 1);
        if (!scored.isNull()) score_.push_back(scored.getDouble());
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
        Decided* task = walk_to(row, at);
        if (!task) continue;
        const std::string_view status = statement.getColumn(2).getText();
        const bool answered = status == "answered";
        const auto took = statement.getColumn(5).getInt64() - statement.getColumn(4).getInt64();
        if (answered && took >= 0) submit_.push_back(double(took));
        const bool result = statement.getColumn(3).getInt64() > 0;  // not the empty one
        if (result && status != "failed" && status != "returned") task->submitted = true;
        if (answered) feedback.take(row, statement.getColumn(1).getInt(), result, *task);
    }
}

// Who stands behind each row of validators.
std::unordered_map<std::int64_t, Survey::Pair> Survey::pairs() {
    std::unordered_map<std::int64_t, Pair> pairs;
    SQLite::Statement statement(database_,
                                "SELECT v.id, v.address, h.address FROM validators v"
                                " JOIN hotkeys h ON h.id = v.hotkey");
    while (statement.executeStep()) {
        pairs.emplace(statement.getColumn(0).getInt64(),
                      Pair{statement.getColumn(1).getString(), statement.getColumn(2).getString()});
    }
    return pairs;
}

bool is_empty(const Counts& counts) { return counts.generations == 0 && counts.skipped == 0; }

// Those that have anything, most generations first.
template <class Named>
std::vector<Named> busiest_first(std::vector<Named> groups) {
    std::erase_if(groups, [](const Named& group) { return is_empty(group.counts); });
    std::stable_sort(groups.begin(), groups.end(), [](const Named& a, const Named& b) {
        return a.counts.generations > b.counts.generations;
    });
    return groups;
}

template <class Key, class Name>
std::vector<Group> groups(std::map<Key, Tally>& tallies, Name name) {
    std::vector<Group> result;
    for (auto& [key, tally] : tallies) result.push_back({name(key), tally.counts()});
    return result;
}

Statistics Survey::summary() {
    Tally all;
    std::map<std::string, Tally> by_validator, by_hotkey, by_kind, by_route;
    std::map<std::pair<std::string, std::string>, Tally> by_pair;
    std::map<std::int32_t, Tally> by_day;
    // Two hotkeys at one validator are two rows and one group.
    std::unordered_map<std::int64_t, std::array<Tally*, 3>> of_pair;
    for (const auto& [row, pair] : pairs())
        of_pair[row] = {&by_validator[pair.validator], &by_hotkey[pair.hotkey],
                        &by_pair[{pair.validator, pair.hotkey}]};
    std::vector<Tally*> of_kind, of_route;
    for (const auto& kind : kinds_) of_kind.push_back(&by_kind[kind]);
    for (const auto& route : routes_) of_route.push_back(&by_route[route]);
    for (const auto& task : tasks_) {
        all.add(task);
        for (auto* tally : of_pair.at(task.validator)) tally->add(task);
        of_kind[std::size_t(task.kind)]->add(task);
        if (task.route >= 0) of_route[std::size_t(task.route)]->add(task);
        by_day[task.day].add(task);
    }

    Statistics statistics;
    const auto itself = [](const std::string& text) { return text; };
    statistics.all = all.counts();
    statistics.by_validator = busiest_first(groups(by_validator, itself));
    statistics.by_hotkey = busiest_first(groups(by_hotkey, itself));
    for (auto& [who, tally] : by_pair)
        statistics.by_pair.push_back({who.first, who.second, tally.counts()});
    statistics.by_pair = busiest_first(std::move(statistics.by_pair));
    statistics.by_kind = groups(by_kind, itself);
    statistics.by_route = groups(by_route, itself);
    // A route that some task began with and none ended with.
    std::erase_if(statistics.by_route, [](const Group& group) { return is_empty(group.counts); });
    statistics.by_day = groups(by_day, [](std::int32_t day) { return day_name(day); });
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
        statistics.stages.push_back(
            percentiles(std::string(kStages[stage].name), std::move(stages_[stage])));
    }
    statistics.stages.push_back(percentiles("score", std::move(score_)));
    statistics.stages.push_back(percentiles("total", std::move(total_)));
    statistics.stages.push_back(percentiles("submit", std::move(submit_)));
    std::erase_if(statistics.stages, [](const Percentiles& stage) { return stage.count == 0; });
    statistics.first = first_;
    statistics.newest = newest_;
    return statistics;
}

}  // namespace

config::Result<Statistics> statistics(Database& database, const Span& span) {
    return guarded(database, [&]() -> config::Result<Statistics> {
        // One transaction, so that all tables are read as of one moment beside a writer.
        SQLite::Transaction transaction(database.handle());
        auto statistics = Survey(database.handle())(span);
        const auto predicted = predicted_scores(database, span);
        if (!predicted) return predicted.error();
        statistics.predictions = prediction_groups(*predicted);
        return statistics;
    });
}

config::Result<std::vector<Contact>> contacts(Database& database, const std::string& hotkey) {
    return guarded(database, [&]() -> config::Result<std::vector<Contact>> {
        SQLite::Statement statement(
            database.handle(),
            "SELECT h.address, v.address, v.calls, v.failures, v.last_call, v.last_failure,"
            " v.last_error, v.cooldown_until, v.told_at, v.wait_ms, EXISTS (SELECT 1 FROM tasks t"
            " WHERE t.validator = v.id AND t.closed_at IS NULL AND t.state = 'submitting')"
            " FROM validators v JOIN hotkeys h ON h.id = v.hotkey"
            " WHERE (v.calls > 0 OR v.cooldown_until > 0) AND (?1 = '' OR h.address = ?1)"
            " ORDER BY v.last_call DESC, v.id DESC");
        bind(statement, {hotkey});
        const auto time = [&](int index) -> std::optional<Milliseconds> {
            const auto column = statement.getColumn(index);
            if (column.isNull()) return std::nullopt;
            return column.getInt64();
        };
        std::vector<Contact> contacts;
        while (statement.executeStep()) {
            contacts.push_back({.hotkey = statement.getColumn(0).getString(),
                                .validator = statement.getColumn(1).getString(),
                                .calls = statement.getColumn(2).getInt64(),
                                .failures = statement.getColumn(3).getInt64(),
                                .last_call = time(4),
                                .last_failure = time(5),
                                .last_error = statement.getColumn(6).getString(),
                                .cooldown_until = statement.getColumn(7).getInt64(),
                                .told_at = time(8),
                                .wait = statement.getColumn(9).getInt64(),
                                .unsettled = statement.getColumn(10).getInt() != 0});
        }
        return contacts;
    });
}

config::Result<std::vector<std::string>> unanswered_assets(Database& database) {
    return guarded(database, [&]() -> config::Result<std::vector<std::string>> {
        SQLite::Statement statement(database.handle(),
                                    "SELECT DISTINCT asset FROM tasks"
                                    " WHERE closed_at IS NULL AND asset IS NOT NULL");
        std::vector<std::string> assets;
        while (statement.executeStep()) assets.push_back(statement.getColumn(0).getString());
        return assets;
    });
}

}  // namespace storage
