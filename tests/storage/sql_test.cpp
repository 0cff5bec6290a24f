#include "storage/sql.hpp"

#include "tests/support/catch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <limits>
#include <string>

using storage::execute;

namespace {

// The type of each column of the one row, and its text.
std::string row(SQLite::Database& database) {
    SQLite::Statement statement(database, "SELECT typeof(a), a, typeof(b), b FROM t");
    REQUIRE(statement.executeStep());
    return std::string(statement.getColumn(0).getText()) + " " +
           statement.getColumn(1).getText("-") + ", " + statement.getColumn(2).getText() + " " +
           statement.getColumn(3).getText("-");
}

std::string stored(storage::Value a, storage::Value b) {
    SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
    database.exec("CREATE TABLE t (a, b)");
    CHECK(execute(database, "INSERT INTO t VALUES (?, ?)", {a, b}) == 1);
    return row(database);
}

}  // namespace

TEST_CASE("values keep their types") {
    CHECK(stored(7, std::int64_t(1) << 62) == "integer 7, integer 4611686018427387904");
    CHECK(stored(true, false) == "integer 1, integer 0");
    CHECK(stored(0.5, -1e300) == "real 0.5, real -1.0e+300");
    CHECK(stored("text", std::string_view("view", 2)) == "text text, text vi");
    CHECK(stored(nullptr, std::string()) == "null -, text ");
}

TEST_CASE("what is absent or not finite is null") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    CHECK(stored(std::numeric_limits<double>::quiet_NaN(), kInfinity) == "null -, null -");
    CHECK(stored(std::optional<double>(), std::optional<double>(-kInfinity)) == "null -, null -");
    CHECK(stored(std::optional<double>(0.25), std::optional<std::string_view>("x")) ==
          "real 0.25, text x");
}

TEST_CASE("a text may hold zero bytes") {
    SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
    database.exec("CREATE TABLE t (a, b)");
    const std::string text("a\0b", 3);
    execute(database, "INSERT INTO t VALUES (?, NULL)", {text});
    SQLite::Statement statement(database, "SELECT a FROM t");
    REQUIRE(statement.executeStep());
    CHECK(statement.getColumn(0).getString() == text);
}

TEST_CASE("execute tells how many rows it changed") {
    SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
    database.exec("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (1, 2), (2, 3)");
    CHECK(execute(database, "UPDATE t SET b = 0 WHERE a = ?", {1}) == 2);
    CHECK(execute(database, "DELETE FROM t WHERE a = ?", {9}) == 0);
}
