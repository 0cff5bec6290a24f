#include "storage/schema.hpp"

#include "tests/support/catch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <string>

namespace {

int number(SQLite::Database& database, const std::string& sql) {
    return database.execAndGet(sql).getInt();
}

SQLite::Database fresh() { return SQLite::Database(":memory:", SQLite::OPEN_READWRITE); }

}  // namespace

TEST_CASE("an empty file becomes the newest version") {
    auto database = fresh();
    storage::migrate(database, storage::migrations());
    CHECK(number(database, "PRAGMA user_version") == int(storage::migrations().size()));
    CHECK(number(database, "PRAGMA application_id") == storage::kApplicationId);
    for (const char* table : {"runs", "hotkeys", "validators", "tasks", "attempts", "submissions",
                              "feedback", "day_tallies", "tallies", "time_tallies"}) {
        CHECK(database.tableExists(table));
    }
    storage::migrate(database, storage::migrations());  // nothing left to do
}

TEST_CASE("steps are applied once each, in order, from wherever the file stands") {
    auto database = fresh();
    const std::array first{"CREATE TABLE a (x)"};
    const std::array both{"CREATE TABLE a (x)", "CREATE TABLE b (x); INSERT INTO b VALUES (1)"};
    storage::migrate(database, first);
    CHECK(number(database, "PRAGMA user_version") == 1);
    storage::migrate(database, both);
    storage::migrate(database, both);
    CHECK(number(database, "PRAGMA user_version") == 2);
    CHECK(number(database, "SELECT count(*) FROM b") == 1);
}

TEST_CASE("a step that fails leaves the version before it, whole") {
    auto database = fresh();
    const std::array steps{"CREATE TABLE a (x)",
                           "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)"};
    CHECK_THROWS_AS(storage::migrate(database, steps), SQLite::Exception);
    CHECK(number(database, "PRAGMA user_version") == 1);
    CHECK(database.tableExists("a"));
    CHECK_FALSE(database.tableExists("b"));
}

TEST_CASE("attempts of the first version all began from a picture") {
    auto database = fresh();
    storage::migrate(database, storage::migrations().first(1));
    database.exec(
        "INSERT INTO runs (id, version, settings_hash, started_at) VALUES (1, '', '', 0);"
        "INSERT INTO hotkeys (id, address) VALUES (1, 'h');"
        "INSERT INTO validators (id, hotkey, address) VALUES (1, 1, 'v');"
        "INSERT INTO tasks (id, validator, task_id, run, kind, state, pulled_at, begun_at,"
        " prompt_sha256, prompt_bytes) VALUES (1, 1, 't', 1, 'image', 'open', 0, 0, '', 0);"
        "INSERT INTO attempts (task, round, number, outcome, run, at, chain, seed)"
        " VALUES (1, 1, 1, 'passed', 1, 0, 'standard', 7)");
    storage::migrate(database, storage::migrations());
    CHECK(database.execAndGet("SELECT route FROM attempts").getString() == "picture");
    CHECK_THROWS_AS(database.exec("UPDATE attempts SET route = 'guess'"), SQLite::Exception);
}

TEST_CASE("what statistics read of tasks and predictions stands in their indexes") {
    auto database = fresh();
    storage::migrate(database, storage::migrations());
    const auto plan = [&](const std::string& query) {
        SQLite::Statement statement(database, "EXPLAIN QUERY PLAN " + query);
        std::string text;
        while (statement.executeStep()) text += statement.getColumn(3).getString() + ";";
        return text;
    };
    CHECK(plan("SELECT id, validator, kind, outcome, begun_at, finished_at, withheld FROM tasks"
               " WHERE outcome IS NOT NULL AND pulled_at >= 1 ORDER BY pulled_at, id") ==
          "SEARCH tasks USING COVERING INDEX tasks_decided (pulled_at>?);");
    CHECK(plan("SELECT id FROM tasks WHERE predicted IS NOT NULL AND pulled_at >= 1"
               " AND (?1 = '' OR validator IN (1, 2)) ORDER BY pulled_at DESC, id DESC LIMIT 9") ==
          "SEARCH tasks USING COVERING INDEX tasks_predicted (pulled_at>?);");
}

TEST_CASE("every table checks the types of its columns") {
    auto database = fresh();
    storage::migrate(database, storage::migrations());
    CHECK(number(database,
                 "SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
                 " AND name NOT LIKE 'sqlite_%' AND strict = 0") == 0);
}

TEST_CASE("every row leads to a hotkey or belongs to a run") {
    auto database = fresh();
    storage::migrate(database, storage::migrations());
    const auto refers = [&](const std::string& table, const std::string& to) {
        return number(database, "SELECT count(*) FROM pragma_foreign_key_list('" + table +
                                    "') WHERE \"table\" = '" + to + "'") > 0;
    };
    CHECK(refers("validators", "hotkeys"));
    CHECK(refers("tasks", "validators"));
    CHECK(refers("attempts", "tasks"));
    CHECK(refers("submissions", "tasks"));
    CHECK(refers("feedback", "submissions"));
    CHECK(refers("tallies", "validators"));
    CHECK(refers("time_tallies", "hotkeys"));
}
