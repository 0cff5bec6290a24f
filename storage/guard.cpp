#include "storage/guard.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>

namespace storage {
namespace {

// SQLite takes ENOSPC alone for a full disk; a quota or a limit of the process is the same to us.
// What it tidied up after the failure may have failed in turn; the file keeps the last error of its
// own.
bool is_full(SQLite::Database* handle) {
    if (!handle) return false;
    int of_file = 0;
    sqlite3_file_control(handle->getHandle(), nullptr, SQLITE_FCNTL_LAST_ERRNO, &of_file);
    for (const int system : {sqlite3_system_errno(handle->getHandle()), of_file})
        if (system == ENOSPC || system == EDQUOT || system == EFBIG) return true;
    return false;
}

}  // namespace

config::Error describe(const std::exception& failure, const std::filesystem::path& file,
                       SQLite::Database* handle) {
    const std::string where = file.string();
    const std::string words = std::string(" (") + failure.what() + ")";
    const auto* sql = dynamic_cast<const SQLite::Exception*>(&failure);
    if (!sql) return config::fail(Errc::io, where + words);
    switch (sql->getErrorCode() & 0xff) {  // some calls give the extended one
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return config::fail(Errc::locked,
                                where + ": wait for the other process or stop it, then try again");
        case SQLITE_FULL:
            return config::fail(Errc::full, where + ": free some space, or move storage.path");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return config::fail(Errc::read_only,
                                where + ": make it and its folder writable for this user" + words);
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return config::fail(
                Errc::corrupt,
                where +
                    ": move it away (with its -wal and -shm) and start anew, or restore a copy" +
                    words);
        case SQLITE_ERROR:  // no such table or column
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
            return config::fail(Errc::corrupt, where + ": not as this program left it" + words);
        case SQLITE_CANTOPEN:
            return config::fail(Errc::cannot_open,
                                where + ": check the path and its permissions" + words);
        case SQLITE_IOERR:
            if (is_full(handle)) {
                return config::fail(Errc::full, where + ": free some space, or move storage.path");
            }
            return config::fail(Errc::io, where + ": check the disk" + words);
        default:
            return config::fail(Errc::io, where + words);
    }
}

}  // namespace storage
