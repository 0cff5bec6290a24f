#include "storage/sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <string>

namespace storage {
namespace {

struct Binder {
    SQLite::Statement& statement;
    int index;

    void operator()(std::nullptr_t) const { statement.bind(index); }
    void operator()(std::int64_t value) const { statement.bind(index, value); }
    void operator()(double value) const { statement.bind(index, value); }
    void operator()(std::string_view value) const {
        // The wrapper takes texts with a size as std::string only.
        statement.bind(index, std::string(value));
    }
};

}  // namespace

void Value::bind(SQLite::Statement& statement, int index) const {
    std::visit(Binder{statement, index}, value_);
}

void bind(SQLite::Statement& statement, std::initializer_list<Value> values) {
    int index = 0;
    for (const auto& value : values) value.bind(statement, ++index);
}

// At once a writer, as a reader cannot become one where another writes.
Unit::Unit(SQLite::Database& database)
    : database_(database), within_(sqlite3_get_autocommit(database.getHandle()) == 0) {
    database_.exec(within_ ? "SAVEPOINT unit" : "BEGIN IMMEDIATE");
}

Unit::~Unit() {
    if (!open_) return;
    try {
        database_.exec(within_ ? "ROLLBACK TO unit; RELEASE unit" : "ROLLBACK");
    } catch (const SQLite::Exception&) {
        // SQLite had undone it already, as it does when the disk is full.
    }
}

void Unit::commit() {
    database_.exec(within_ ? "RELEASE unit" : "COMMIT");
    open_ = false;
}

int execute(SQLite::Database& database, const char* sql, std::initializer_list<Value> values) {
    SQLite::Statement statement(database, sql);
    bind(statement, values);
    return statement.exec();
}

}  // namespace storage
