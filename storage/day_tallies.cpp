#include "storage/day_tallies.hpp"

#include "storage/sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace storage {
namespace {

// To be raised with every change of what is counted how: days that were kept by other rules are
// counted anew.
constexpr int kRules = 1;

constexpr Milliseconds kHour = 3'600'000;
constexpr std::size_t kDaysAtOnce = 32;  // in one transaction: some 100 ms

struct Column {
    const char* name;
    std::int64_t Counts::*count;
};

constexpr Column kCounts[] = {{"generations", &Counts::generations},
                              {"passed_at_once", &Counts::passed_at_once},
                              {"sparse_first", &Counts::sparse_first},
                              {"retries", &Counts::retries},
                              {"candidates", &Counts::candidates},
                              {"retry_passed", &Counts::retry_passed},
                              {"retry_improved", &Counts::retry_improved},
                              {"rejected", &Counts::rejected},
                              {"withheld", &Counts::withheld},
                              {"errors", &Counts::errors},
                              {"skipped", &Counts::skipped},
                              {"submissions", &Counts::submissions},
                              {"accepted", &Counts::accepted},
                              {"zero_scores", &Counts::zero_scores},
                              {"not_scored", &Counts::not_scored}};

// Columns of tallies, in this order, when they are read and when they are written.
const std::string kColumns = [] {
    std::string columns =
        "day, validator, kind, route, first, newest, last_accepted, score_sum, scores, reward,"
        " rewarded_at, rewarded_task";
    for (const auto& column : kCounts) columns += std::string(", ") + column.name;
    return columns;
}();
constexpr int kFirstCount = 12;

std::span<const std::uint8_t> bytes_of(const SQLite::Column& column) {
    return {static_cast<const std::uint8_t*>(column.getBlob()), std::size_t(column.getBytes())};
}

void add_packed(const SQLite::Column& column, Distribution& distribution) {
    if (!distribution.add_packed(bytes_of(column)))
        throw SQLite::Exception("a tally that is none", SQLITE_CORRUPT);
}

// Days that lie within the bounds as a whole, in ascending order.
std::vector<std::int64_t> kept_days(SQLite::Database& database, const Bounds& bounds) {
    const bool begins_within = bounds.since % kDayLength != 0 || bounds.first > 0;
    const auto begin = day_of(bounds.since) + begins_within, end = day_of(bounds.until);
    SQLite::Statement statement(database,
                                "SELECT day FROM day_tallies WHERE day >= ? AND day < ? AND rules"
                                " = ? ORDER BY day");
    bind(statement, {begin, end, kRules});
    std::vector<std::int64_t> days;
    while (statement.executeStep()) days.push_back(statement.getColumn(0).getInt64());
    return days;
}

// Of these hotkeys, or of all.
class Ours {
public:
    Ours(const Counted& counted, const std::string& hotkeys) {
        for (const auto& [row, pair] : counted.pairs) {
            const auto ours = " " + hotkeys + " ", one = " " + pair.hotkey + " ";
            if (!hotkeys.empty() && ours.find(one) == ours.npos) continue;
            pairs_.insert(row);
            hotkeys_.insert(pair.hotkey_row);
        }
    }
    bool pair(std::int64_t row) const { return pairs_.contains(row); }
    bool hotkey(std::int64_t row) const { return hotkeys_.contains(row); }

private:
    std::set<std::int64_t> pairs_, hotkeys_;
};

std::optional<Milliseconds> time_or_none(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional(column.getInt64());
}

Tally read_tally(SQLite::Statement& row, std::int64_t validator) {
    Tally tally;
    tally.first = time_or_none(row.getColumn(4));
    tally.newest = time_or_none(row.getColumn(5));
    tally.counts.last_accepted = time_or_none(row.getColumn(6));
    tally.score_sum = row.getColumn(7).getDouble();
    add_packed(row.getColumn(8), tally.scores);
    if (const auto reward = row.getColumn(9); !reward.isNull())
        tally.add(validator, Reward{row.getColumn(10).getInt64(), row.getColumn(11).getInt64(),
                                    reward.getDouble()});
    int column = kFirstCount;
    for (const auto& count : kCounts)
        tally.counts.*count.count = row.getColumn(column++).getInt64();
    return tally;
}

void read_tallies(SQLite::Database& database, std::int64_t first, std::int64_t last,
                  const Ours& ours, Counted& counted) {
    SQLite::Statement row(database, "SELECT " + kColumns +
                                        " FROM day_tallies CROSS JOIN tallies USING (day)"
                                        " WHERE day BETWEEN ? AND ? AND rules = ?");
    bind(row, {first, last, kRules});
    while (row.executeStep()) {
        const auto validator = row.getColumn(1).getInt64();
        if (!ours.pair(validator)) continue;
        const std::string_view route = row.getColumn(3).getText();
        counted.add({validator, counted.kind(row.getColumn(2).getText()),
                     route.empty() ? std::int16_t(-1) : counted.route(route)},
                    row.getColumn(0).getInt64(), read_tally(row, validator));
    }
}

void read_times(SQLite::Database& database, std::int64_t first, std::int64_t last, const Ours& ours,
                Counted& counted) {
    SQLite::Statement row(database,
                          "SELECT hotkey, stage, times FROM day_tallies CROSS JOIN time_tallies"
                          " USING (day) WHERE day BETWEEN ? AND ? AND rules = ?");
    bind(row, {first, last, kRules});
    while (row.executeStep()) {
        const auto hotkey = row.getColumn(0).getInt64();
        if (!ours.hotkey(hotkey)) continue;
        const auto stage =
            std::find(kTimed.begin(), kTimed.end(), std::string_view(row.getColumn(1).getText()));
        if (stage == kTimed.end()) throw SQLite::Exception("a stage of no name", SQLITE_CORRUPT);
        add_packed(row.getColumn(2), counted.times[hotkey][std::size_t(stage - kTimed.begin())]);
    }
}

// Days with decided tasks, before `end`, that are not kept. Goes from day to day by the index.
std::vector<std::int64_t> missing_days(SQLite::Database& database, std::int64_t end) {
    SQLite::Statement next(database,
                           "SELECT pulled_at FROM tasks WHERE outcome IS NOT NULL"
                           " AND pulled_at >= ? ORDER BY pulled_at LIMIT 1");
    SQLite::Statement kept(database, "SELECT 1 FROM day_tallies WHERE day = ? AND rules = ?");
    std::vector<std::int64_t> days;
    for (auto from = std::numeric_limits<Milliseconds>::min();;) {
        next.reset();
        bind(next, {from});
        if (!next.executeStep()) return days;
        const auto day = day_of(next.getColumn(0).getInt64());
        if (day >= end) return days;
        kept.reset();
        bind(kept, {day, kRules});
        if (!kept.executeStep()) days.push_back(day);
        from = (day + 1) * kDayLength;
    }
}

// What is empty is empty, and not null.
void bind_packed(SQLite::Statement& row, int index, const Distribution& distribution) {
    const auto packed = distribution.packed();
    row.bind(index, packed.empty() ? static_cast<const void*>("") : packed.data(),
             int(packed.size()));
}

void write_tally(SQLite::Statement& row, std::int64_t day, const Counted& counted,
                 const Counted::Cell& cell, const Tally& tally) {
    row.reset();
    bind(row, {day, cell.validator, counted.kinds[std::size_t(cell.kind)],
               cell.route < 0 ? std::string() : counted.routes[std::size_t(cell.route)],
               tally.first, tally.newest, tally.counts.last_accepted, tally.score_sum});
    bind_packed(row, 9, tally.scores);
    for (int column = 10; column <= kFirstCount; ++column) row.bind(column);
    for (const auto& [validator, reward] : tally.rewards) {
        row.bind(10, reward.value);
        row.bind(11, reward.at);
        row.bind(12, reward.task);
    }
    int column = kFirstCount;
    for (const auto& count : kCounts) row.bind(++column, tally.counts.*count.count);
    row.exec();
}

void keep_day(SQLite::Database& database, std::int64_t day) {
    Counted counted(database);
    survey(database, {.since = day * kDayLength, .until = (day + 1) * kDayLength, .hotkeys = {}},
           counted);
    for (const char* table : {"tallies", "time_tallies"})
        execute(database, (std::string("DELETE FROM ") + table + " WHERE day = ?").c_str(), {day});
    std::string places = "?";
    for (std::size_t i = 1; i < kFirstCount + std::size(kCounts); ++i) places += ", ?";
    SQLite::Statement row(database,
                          "INSERT INTO tallies (" + kColumns + ") VALUES (" + places + ")");
    for (const auto& [cell, tally] : counted.cells) write_tally(row, day, counted, cell, tally);
    SQLite::Statement times(database, "INSERT INTO time_tallies VALUES (?, ?, ?, ?)");
    for (const auto& [hotkey, stages] : counted.times) {
        for (std::size_t stage = 0; stage < stages.size(); ++stage) {
            if (stages[stage].count() == 0) continue;
            times.reset();
            bind(times, {day, hotkey, kTimed[stage]});
            bind_packed(times, 4, stages[stage]);
            times.exec();
        }
    }
    execute(database, "INSERT OR REPLACE INTO day_tallies (day, rules) VALUES (?, ?)",
            {day, kRules});
}

}  // namespace

void count(SQLite::Database& database, const Bounds& bounds, Counted& counted) {
    const auto days = kept_days(database, bounds);
    auto rest = bounds;
    for (const auto day : days) {
        rest.until = day * kDayLength;
        if (rest.since < rest.until) survey(database, rest, counted);
        rest.since = rest.until + kDayLength;
        rest.first = 0;
    }
    rest.until = bounds.until;
    if (rest.since < rest.until) survey(database, rest, counted);
    if (days.empty()) return;
    const Ours ours(counted, bounds.hotkeys);
    read_tallies(database, days.front(), days.back(), ours, counted);
    read_times(database, days.front(), days.back(), ours, counted);
}

void keep_days(SQLite::Database& database, Milliseconds now) {
    const auto days = missing_days(database, day_of(now - kHour));
    for (std::size_t at = 0; at < days.size();) {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        const auto end = std::min(days.size(), at + kDaysAtOnce);
        for (; at < end; ++at) keep_day(database, days[at]);
        transaction.commit();
    }
}

}  // namespace storage
