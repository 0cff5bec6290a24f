// The database as another program sees it that opens the file by itself, while a miner runs or not.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace tests {

class Outsider {
public:
    explicit Outsider(std::filesystem::path file) : file_(std::move(file)) {}

    // The first column of the first row. -1 and "" for no row, and while there is no database.
    std::int64_t number(const std::string& sql) const {
        return first(sql, std::int64_t(-1), [](const auto& column) { return column.getInt64(); });
    }
    std::string word(const std::string& sql) const {
        return first(sql, std::string(), [](const auto& column) { return column.getString(); });
    }

    // The first three columns of all rows, by the first one.
    std::map<std::string, std::array<std::string, 2>> words(const std::string& sql) const {
        SQLite::Database database(file_, SQLite::OPEN_READONLY, kPatience_ms);
        SQLite::Statement query(database, sql);
        std::map<std::string, std::array<std::string, 2>> all;
        while (query.executeStep())
            all[query.getColumn(0).getString()] = {query.getColumn(1).getString(),
                                                   query.getColumn(2).getString()};
        return all;
    }

    void change(const std::string& sql) const {
        SQLite::Database(file_, SQLite::OPEN_READWRITE).exec(sql);
    }

    // Nobody else writes while it lives.
    class Hold {
    public:
        explicit Hold(const std::filesystem::path& file)
            : database_(file, SQLite::OPEN_READWRITE, kPatience_ms) {
            database_.exec("BEGIN EXCLUSIVE");
        }

    private:
        SQLite::Database database_;
    };
    Hold hold() const { return Hold(file_); }

private:
    template <class T, class Get>
    T first(const std::string& sql, T otherwise, Get get) const try {
        SQLite::Database database(file_, SQLite::OPEN_READONLY, kPatience_ms);
        SQLite::Statement query(database, sql);
        return query.executeStep() ? get(query.getColumn(0)) : otherwise;
    } catch (const SQLite::Exception&) {
        return otherwise;
    }

    static constexpr int kPatience_ms = 10'000;

    std::filesystem::path file_;
};

}  // namespace tests
