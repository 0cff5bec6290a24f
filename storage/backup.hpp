// The database as one file, copied while a miner writes to it, and put back. Synchronous.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>

namespace storage {

// Copies the database `from` into the file `to`, as of one moment, through SQLite's online backup:
// written beside and renamed, so that `to` is whole or not there. Fails as Database does.
config::Result<void> back_up(const std::filesystem::path& from, const std::filesystem::path& to);

// Puts a copy in place of the database `to`, which nobody may have open (take the instance lock
// first). What was there is kept beside it as NAME.before-restore. Fails as Database does, before
// anything is changed, when `from` is damaged, of another program or of a newer version.
config::Result<void> restore(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace storage
