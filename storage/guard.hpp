// Where SQLite's exceptions end: each becomes an Errc, and words that say which file and what to
// do. For storage/*.cpp.
#pragma once

#include "storage/database.hpp"
#include "storage/errc.hpp"

#include <exception>
#include <filesystem>
#include <type_traits>

namespace storage {

// `handle` may be null; with it, a full disk behind an I/O error is told from a failing one.
config::Error describe(const std::exception& failure, const std::filesystem::path& file,
                       SQLite::Database* handle);

// Runs `body`, which returns a config::Result and may throw.
template <class Body>
auto guarded(Database& database, Body&& body) -> std::invoke_result_t<Body> {
    try {
        return body();
    } catch (const std::exception& failure) {
        return describe(failure, database.file(), &database.handle());
    }
}

}  // namespace storage
