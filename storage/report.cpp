#include "storage/report.hpp"

#include "storage/day_tallies.hpp"
#include "storage/guard.hpp"
#include "storage/sql.hpp"
#include "storage/survey.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <map>
#include <utility>

namespace storage {
namespace {

constexpr std::int64_t kUsualLast = 100;

// The span as bounds, with its `last` as a place where it begins.
Bounds bounds_of(SQLite::Database& database, const Span& span) {
    Bounds bounds;
    if (span.since) bounds.since = *span.since;
    if (span.until) bounds.until = *span.until;
    bounds.hotkeys = joined(span.hotkeys);
    const auto last = span.last.value_or(span.since || span.until ? 0 : kUsualLast);
    if (last <= 0) return bounds;
    SQLite::Statement statement(
        database, std::string("SELECT pulled_at, id FROM tasks WHERE outcome IS NOT NULL AND ") +
                      kWithin +
                      " AND outcome <> ?5 ORDER BY pulled_at DESC, id DESC LIMIT 1 OFFSET ?4");
    bind(statement, {bounds.since, bounds.until, bounds.hotkeys, last - 1, name(Outcome::skipped)});
    if (statement.executeStep()) {
        bounds.since = statement.getColumn(0).getInt64();
        bounds.first = statement.getColumn(1).getInt64();
    }
    return bounds;
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

std::vector<Group> groups(const std::map<std::string, Tally>& tallies) {
    std::vector<Group> result;
    for (const auto& [name, tally] : tallies) result.push_back({name, tally.all()});
    return result;
}

std::vector<Percentiles> stages(const Counted& counted) {
    Times all;
    for (const auto& [hotkey, times] : counted.times)
        for (std::size_t stage = 0; stage < all.size(); ++stage) all[stage].add(times[stage]);
    std::vector<Percentiles> result;
    for (std::size_t stage = 0; stage < all.size(); ++stage)
        if (all[stage].count() > 0)
            result.push_back(percentiles(std::string(kTimed[stage]), all[stage]));
    return result;
}

Statistics summary(const Counted& counted) {
    Tally all;
    std::map<std::string, Tally> by_validator, by_hotkey, by_kind, by_route;
    std::map<std::pair<std::string, std::string>, Tally> by_pair;
    for (const auto& [cell, tally] : counted.cells) {
        // Two hotkeys at one validator are two rows and one group.
        const auto& pair = counted.pairs.at(cell.validator);
        all.add(tally);
        by_validator[pair.validator].add(tally);
        by_hotkey[pair.hotkey].add(tally);
        by_pair[{pair.validator, pair.hotkey}].add(tally);
        by_kind[counted.kinds[std::size_t(cell.kind)]].add(tally);
        if (cell.route >= 0) by_route[counted.routes[std::size_t(cell.route)]].add(tally);
    }
    Statistics statistics;
    statistics.all = all.all();
    statistics.by_validator = busiest_first(groups(by_validator));
    statistics.by_hotkey = busiest_first(groups(by_hotkey));
    for (const auto& [who, tally] : by_pair)
        statistics.by_pair.push_back({who.first, who.second, tally.all()});
    statistics.by_pair = busiest_first(std::move(statistics.by_pair));
    statistics.by_kind = groups(by_kind);
    statistics.by_route = groups(by_route);
    for (const auto& [day, tally] : counted.days)
        statistics.by_day.push_back({day_name(day), tally.all()});
    statistics.stages = stages(counted);
    statistics.first = all.first;
    statistics.newest = all.newest;
    return statistics;
}

}  // namespace

config::Result<Statistics> statistics(Database& database, const Span& span) {
    return guarded(database, [&]() -> config::Result<Statistics> {
        // One transaction, so that all tables are read as of one moment beside a writer.
        SQLite::Transaction transaction(database.handle());
        Counted counted(database.handle());
        count(database.handle(), bounds_of(database.handle(), span), counted);
        auto statistics = summary(counted);
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
