// Values into statements. For storage/*.cpp; throws what SQLiteCpp throws.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace storage {

// What a parameter may be; it holds no copy of a text. A number that is not finite becomes null,
// since SQLite would make NaN null and a reader of JSON would choke on infinity.
class Value {
public:
    Value(std::nullptr_t) {}
    Value(bool value) : value_(std::int64_t(value)) {}
    Value(int value) : value_(std::int64_t(value)) {}
    Value(std::int64_t value) : value_(value) {}
    Value(double value) {
        if (std::isfinite(value)) value_ = value;
    }
    Value(std::string_view value) : value_(value) {}
    Value(const std::string& value) : value_(std::string_view(value)) {}
    Value(const char* value) : value_(std::string_view(value)) {}
    template <class T>
    Value(const std::optional<T>& value) {
        if (value) *this = Value(*value);
    }

    void bind(SQLite::Statement& statement, int index) const;

private:
    std::variant<std::nullptr_t, std::int64_t, double, std::string_view> value_;
};

void bind(SQLite::Statement& statement, std::initializer_list<Value> values);

// What is done while it lives is kept as a whole by commit(), or undone: in a transaction of its
// own, or within another one, which then decides.
class Unit {
public:
    explicit Unit(SQLite::Database& database);
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;
    ~Unit();

    void commit();

private:
    SQLite::Database& database_;
    const bool within_;
    bool open_ = true;
};

// Runs a statement that returns no rows; the number of rows it changed.
int execute(SQLite::Database& database, const char* sql, std::initializer_list<Value> values);

}  // namespace storage
