// A database as the version before this program's left it.
#pragma once

#include "storage/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <filesystem>

namespace tests {

inline int version_before() { return int(storage::migrations().size()) - 1; }

// With one hotkey, "5F", in it.
inline void make_older_database(const std::filesystem::path& file) {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    storage::migrate(database, storage::migrations().first(std::size_t(version_before())));
    database.exec("INSERT INTO hotkeys (address) VALUES ('5F')");
}

}  // namespace tests
