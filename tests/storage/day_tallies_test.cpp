// What is kept of whole days: statistics are the same with it, and any change takes it away.
#include "storage/day_tallies.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "storage/schema.hpp"
#include "tests/storage/million.hpp"
#include "tests/storage/results.hpp"
#include "tests/storage/same_statistics.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

using namespace storage;

namespace {

constexpr Milliseconds kLater = 2'000'000'000'000;

// Tasks a minute apart, from 22:14 of a day on.
struct Filled {
    tests::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "miner.db";
    std::unique_ptr<Database> database = Database::open(file).value();

    explicit Filled(std::int64_t tasks = 5'000) { tests::fill(database->handle(), tasks); }

    SQLite::Database& sql() { return database->handle(); }
    std::int64_t number(const std::string& query) { return sql().execAndGet(query).getInt64(); }
    std::int64_t kept() { return number("SELECT count(*) FROM day_tallies"); }
    void forget() { sql().exec("DELETE FROM day_tallies"); }
    Statistics ask(const Span& span = {.last = 0}) {
        const auto got = statistics(*database, span);
        REQUIRE(got);
        return *got;
    }
};

// By what is kept now and by nothing of it.
void check_both_ways(Filled& filled) {
    const auto first = filled.number("SELECT min(pulled_at) FROM tasks");
    const std::vector<Span> spans{
        {.last = 0},
        {.last = 3'000},
        {.since = first + 2 * kDayLength, .until = first + 3 * kDayLength},
        {.since = day_of(first + kDayLength) * kDayLength},
        {.until = day_of(first + kDayLength) * kDayLength},
        {.last = 0, .hotkeys = {"5Hotkey2"}},
        {.last = 1'500, .hotkeys = {"5Hotkey1", "5Hotkey3"}},
        {.last = 0, .hotkeys = {"5Nobody"}}};
    std::vector<Statistics> quick;
    for (const auto& span : spans) quick.push_back(filled.ask(span));
    filled.forget();
    for (std::size_t i = 0; i < spans.size(); ++i) {
        INFO("span " << i);
        tests::check_same(quick[i], filled.ask(spans[i]));
    }
}

}  // namespace

TEST_CASE("statistics are the same whatever is kept of whole days") {
    Filled filled;
    keep_days(filled.sql(), kLater);
    CHECK(filled.kept() == 5);
    check_both_ways(filled);
    keep_days(filled.sql(), kLater);
    filled.sql().exec("DELETE FROM day_tallies WHERE day = (SELECT min(day) + 2 FROM day_tallies)");
    CHECK(filled.kept() == 4);
    check_both_ways(filled);
}

TEST_CASE("a day is kept an hour after its end, once, and by the rules of today") {
    Filled filled;
    const auto second = filled.number("SELECT min(day) + 1 FROM tasks");
    const auto end = (second + 1) * kDayLength;
    keep_days(filled.sql(), end + 3'599'999);
    CHECK(filled.kept() == 1);
    keep_days(filled.sql(), end + 3'600'000);
    CHECK(filled.kept() == 2);
    const auto changes = filled.sql().getTotalChanges();
    keep_days(filled.sql(), end + 3'600'000);
    CHECK(filled.sql().getTotalChanges() == changes);
    filled.sql().exec("UPDATE day_tallies SET rules = 0; UPDATE tallies SET generations = 7");
    check_both_ways(filled);
    filled.sql().exec("INSERT INTO day_tallies SELECT DISTINCT day, 0 FROM tallies");
    keep_days(filled.sql(), kLater);
    CHECK(filled.number("SELECT count(*) FROM day_tallies WHERE rules > 0") == 5);
    check_both_ways(filled);
}

TEST_CASE("any change of a task takes away what is kept of its day, and of no other") {
    Filled filled;
    const auto task = filled.number(
        "SELECT min(id) FROM tasks WHERE outcome = 'passed'"
        " AND day = (SELECT min(day) + 2 FROM tasks)");
    const auto id = std::to_string(task);
    for (const auto& change : std::vector<std::string>{
             "UPDATE tasks SET outcome = 'rejected' WHERE id = " + id,
             "UPDATE tasks SET state = 'finished', closed_at = NULL WHERE id = " + id,
             "UPDATE attempts SET superseded = 1 WHERE task = " + id,
             "UPDATE attempts SET latent = 1 WHERE task = " + id,
             "INSERT INTO attempts (task, round, number, outcome, run, at, chain, seed)"
             " VALUES (" +
                 id + ", 1, 9, 'passed', 1, 0, 'standard', 7)",
             "INSERT OR REPLACE INTO attempts (task, round, number, outcome, run, at, chain, seed)"
             " VALUES (" +
                 id + ", 1, 1, 'passed', 1, 0, 'standard', 7)",
             "DELETE FROM attempts WHERE number = 9 AND task = " + id,
             "UPDATE feedback SET score = 0.1 WHERE task = " + id,
             "INSERT OR REPLACE INTO feedback VALUES (" + id + ", 1, 5, 0, 0.9, 0, 0, 0, 3, 0)",
             "DELETE FROM feedback WHERE task = " + id,
             "UPDATE submissions SET status = 'returned' WHERE task = " + id,
             "INSERT INTO submissions VALUES (" + id + ", 2, 'sent', 5, 0, NULL, 1, NULL)",
             "DELETE FROM submissions WHERE task = " + id,
             "DELETE FROM attempts WHERE task = " + id, "DELETE FROM tasks WHERE id = " + id}) {
        INFO(change);
        keep_days(filled.sql(), kLater);
        REQUIRE(filled.kept() == 5);
        CHECK(filled.sql().exec(change) > 0);
        CHECK(filled.kept() == 4);
        CHECK(filled.number("SELECT count(*) FROM day_tallies"
                            " WHERE day = (SELECT min(day) + 2 FROM tasks)") == 0);
        check_both_ways(filled);
    }
}

TEST_CASE("a change that is undone leaves what is kept") {
    Filled filled(3'000);
    keep_days(filled.sql(), kLater);
    const auto kept = filled.kept();
    filled.sql().exec("BEGIN; UPDATE tasks SET outcome = 'rejected' WHERE outcome = 'passed'");
    CHECK(filled.kept() < kept);
    filled.sql().exec("ROLLBACK");
    CHECK(filled.kept() == kept);
    check_both_ways(filled);
}

TEST_CASE("tasks that are not decided yet, and days before 1970, are no trouble") {
    Filled filled(100);
    filled.sql().exec(
        "UPDATE tasks SET pulled_at = -1, begun_at = -1 WHERE id = 1;"
        "UPDATE tasks SET pulled_at = -86400000 WHERE id = 2;"
        "UPDATE tasks SET pulled_at = 86399999, outcome = NULL, finished_at = NULL,"
        " state = 'open', closed_at = NULL WHERE id = 3");
    CHECK(filled.number("SELECT day FROM tasks WHERE id = 1") == -1);
    CHECK(filled.number("SELECT day FROM tasks WHERE id = 2") == -1);
    CHECK(filled.number("SELECT day FROM tasks WHERE id = 3") == 0);
    keep_days(filled.sql(), kLater);
    CHECK(filled.number("SELECT count(*) FROM day_tallies WHERE day < 1") == 1);
    check_both_ways(filled);
}

TEST_CASE(
    "a database of the version before is counted as it is, and its days kept by the next start") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    {
        SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(old, migrations().first(4));
        tests::fill(old, 5'000);
    }
    const auto database = Database::open(file).value();
    const auto before = statistics(*database, {.last = 0});
    REQUIRE(before);
    CHECK(before->all.generations == 4'750);
    { const Journal journal(*database, "0.1", "hash", kLater); }
    CHECK(database->handle().execAndGet("SELECT count(*) FROM day_tallies").getInt() == 5);
    const auto after = statistics(*database, {.last = 0});
    REQUIRE(after);
    tests::check_same(*after, *before);
}

namespace {

constexpr Milliseconds kHour = 3'600'000;

// A journal that begins at the beginning of time.
struct Kept {
    tests::TemporaryFolder folder;
    std::unique_ptr<Database> database = Database::open(folder.path() / "miner.db").value();
    Journal journal{*database, "0.1", "hash", 0};
    int number = 0;

    int days() {
        return database->handle().execAndGet("SELECT count(*) FROM day_tallies").getInt();
    }
    void work(Milliseconds at) {
        const auto row = journal.pulled({.hotkey = "5Ours",
                                         .validator = "5Theirs",
                                         .task_id = std::to_string(++number),
                                         .kind = "image",
                                         .prompt = "p",
                                         .at = at});
        REQUIRE(row);
        REQUIRE(journal.finished(row->row, {.outcome = Outcome::rejected, .at = at + 5}));
    }
};

}  // namespace

TEST_CASE("the journal keeps days while it runs, once an hour") {
    Kept kept;
    kept.work(kDayLength - 10);
    kept.work(kDayLength + kHour / 2);
    CHECK(kept.days() == 0);
    kept.work(kDayLength + kHour / 2 + kHour);
    CHECK(kept.days() == 1);
    kept.work(2 * kDayLength);
    CHECK(kept.days() == 1);
    CHECK(statistics(*kept.database, {.last = 0})->all.rejected == 4);
}

TEST_CASE("days are kept after the clock was far ahead, too") {
    Kept kept;
    kept.work(kDayLength - 10);
    kept.work(4000 * kDayLength);
    CHECK(kept.days() == 1);
    kept.work(kDayLength + kHour / 2);
    kept.work(2 * kDayLength + 2 * kHour);
    CHECK(kept.days() == 2);
    CHECK(statistics(*kept.database, {.last = 0})->all.rejected == 4);
}

TEST_CASE("a tally that is damaged is an error, and no answer") {
    Filled filled(3'000);
    keep_days(filled.sql(), kLater);
    for (const char* damage :
         {"UPDATE tallies SET scores = x'010203'", "UPDATE time_tallies SET times = x'01'",
          "UPDATE time_tallies SET stage = 'lunch' WHERE stage = 'latent'"}) {
        INFO(damage);
        filled.sql().exec("SAVEPOINT whole");
        filled.sql().exec(damage);
        filled.sql().exec("RELEASE whole");
        const auto got = statistics(*filled.database, {.last = 0});
        REQUIRE(got.has_error());
        CHECK(got.error().code == Errc::corrupt);
        filled.forget();
        keep_days(filled.sql(), kLater);
        CHECK(filled.ask().all.generations == 2'850);
    }
}

namespace {

// Ends this process as kill -9 does, at the n-th call.
int die_at_last(void* left) {
    if (--*static_cast<int*>(left) == 0) ::raise(SIGKILL);
    return 0;
}

// Keeps days in another process until it is killed: before its n-th commit, or (that one 0) within
// the n-th day.
void keep_and_die(const std::filesystem::path& file, int commits, int days) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto database = Database::open(file).value();
        auto* const handle = database->handle().getHandle();
        if (commits) {
            sqlite3_commit_hook(handle, die_at_last, &commits);
        } else {
            // Of the tables that are written day_tallies alone has rows that it tells of.
            sqlite3_update_hook(
                handle,
                [](void* left, int, const char*, const char*, sqlite3_int64) { die_at_last(left); },
                &days);
        }
        keep_days(database->handle(), kLater);
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
}

}  // namespace

TEST_CASE("a process killed while it keeps days leaves whole ones") {
    Filled filled(48'000);  // a minute each: 33 days
    const auto whole = filled.ask();
    for (const auto& [commits, days, kept] :
         {std::tuple{1, 0, 0}, std::tuple{0, 5, 0}, std::tuple{2, 0, 32}, std::tuple{0, 34, 32}}) {
        INFO(commits << " commits, " << days << " days");
        filled.forget();
        filled.database.reset();  // no connection outlives a fork
        keep_and_die(filled.file, commits, days);
        filled.database = Database::open(filled.file).value();
        CHECK(filled.kept() == kept);
        tests::check_same(filled.ask(), whole);
    }
}
