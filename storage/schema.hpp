// The tables, as numbered steps from an empty file; ops/docs/storage.md describes where they lead.
// For storage/*.cpp; throws what SQLiteCpp throws.
#pragma once

#include <span>

namespace SQLite {
class Database;
}

namespace storage {

// In the file's header: tells our database from another program's.
inline constexpr int kApplicationId = 0x6d696e72;

// Step i brings a file from user_version i to i + 1. Steps that were released never change.
std::span<const char* const> migrations();

// Applies the steps that the file has not seen, each in a transaction together with its number, so
// that a kill leaves a whole version. Two processes may do this at once: one waits for the other
// and finds nothing left to do.
void migrate(SQLite::Database& database, std::span<const char* const> steps);

}  // namespace storage
