// The database as one file, copied while a miner writes to it, and put back. Synchronous.
#pragma once

#include "config/result.hpp"

#include <filesystem>
#include <functional>

namespace storage {

// Copies the database `from` into the file `to`, as of one moment, through SQLite's online backup:
// written beside, synced and renamed, so that `to` is whole or not there. Whoever writes to `from`
// meanwhile neither waits nor delays it. Links are followed; what is neither a miner's database nor
// empty is not written over. Of an older version the copy is, too. It belongs to whoever had
// what it replaces, with the same permissions, or else to the owner of the folder, as far as that
// is allowed. Fails as Database does.
config::Result<void> back_up(const std::filesystem::path& from, const std::filesystem::path& to);

// Puts a copy in place of the database `to`, which nobody may have open (take the instance lock
// first). What was there is kept beside it as NAME.before-restore, with its -wal; false when
// nothing was. Fails as Database does, before anything is changed, when `from` is damaged, of
// another program or of a newer version; of an older one it is put back as it is, and
// Database::open migrates it. It belongs to whomever a copy of back_up would.
//   1. The copy is written to NAME.restored.part.
//   2. It is renamed to NAME.restored: from here on it is what counts.
//   3. The old database and its -wal go aside, and NAME.restored becomes NAME.
// Cut off before 2 the old database is as it was; after it, finish_restore() goes on from there.
// `between` is for tests: called between any two changes on the disk, it may throw.
config::Result<bool> restore(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<void()>& between = {});

// Does the rest of a restore of `database` that was cut off. False when there is none. Under the
// same lock as restore(); Database::open does it before it writes.
config::Result<bool> finish_restore(const std::filesystem::path& database,
                                    const std::function<void()>& between = {});

// True when a restore was cut off: `database` is then not to be read as it is.
bool is_half_restored(const std::filesystem::path& database);

}  // namespace storage
