#include "storage/backup.hpp"

#include "config/descriptor.hpp"
#include "config/durable_file.hpp"
#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/file.hpp"
#include "storage/guard.hpp"
#include "storage/schema.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr int kAllPages = -1;
// A copy of an older version is as good as any: the next start of the miner migrates it.
constexpr Database::Options kToCopy{.read_only = true, .keep_older = true};
constexpr const char *kWal = "-wal", *kShm = "-shm", *kJournal = "-journal";
constexpr const char* kRestored = ".restored";
constexpr const char* kAside = ".before-restore";

fs::path with(const fs::path& file, const char* ending) {
    auto name = file;
    name += ending;
    return name;
}

fs::path folder_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// A file is a database together with those that SQLite keeps beside it under its name. Gone for
// good: a power cut must not bring a -wal back beside what comes in its place.
config::Result<void> remove_database(const fs::path& file,
                                     std::initializer_list<const char*> endings = {"", kWal, kShm,
                                                                                   kJournal}) {
    bool removed = false;
    for (const char* ending : endings) {
        std::error_code code;
        const auto name = with(file, ending);
        const bool one = fs::remove(name, code);
        if (code) return failed(code.value(), name);
        removed = removed || one;
    }
    if (!removed) return {};
    const auto folder = folder_of(file);
    const auto synced = config::sync_folder(folder);
    return synced ? config::Result<void>() : failed(synced.error(), folder);
}

// The steps of a restore. Each leaves a state from which finish() goes on, or did not happen.
class Steps {
public:
    Steps(fs::path database, const std::function<void()>& between)
        : database_(std::move(database)), between_(between) {}

    // Before the first step: whether there is one to be kept. A restore that was cut off may have
    // set it aside already.
    bool has_database() const { return exists("") || (exists(kRestored) && exists(kAside)); }

    // The copy, written and whole, becomes what counts.
    config::Result<void> commit(const fs::path& part) {
        if (!exists(kRestored) && !exists("")) {
            // A -wal whose database was taken away would be taken for the new one's.
            for (const char* ending : {kWal, kShm})
                if (auto moved = move(ending, (std::string(".stray") + ending).c_str()); !moved)
                    return moved;
        }
        step();
        return rename(part, with(database_, kRestored));
    }

    config::Result<bool> finish() {
        if (!exists(kRestored)) return false;
        if (exists("")) {
            // Nothing of it has moved yet, so what lies aside is of an earlier restore.
            step();
            if (const auto gone = remove_database(with(database_, kAside)); !gone)
                return gone.error();
            if (const auto moved = move("", kAside); !moved) return moved.error();
        }
        // The -wal goes with its database, under SQLite's own name for it; an -shm is made anew.
        if (const auto moved = move(kWal, (std::string(kAside) + kWal).c_str()); !moved)
            return moved.error();
        std::error_code ignored;
        fs::remove(with(database_, kShm), ignored);
        step();
        if (const auto done = rename(with(database_, kRestored), database_); !done)
            return done.error();
        return true;
    }

private:
    bool exists(const char* ending) const {
        std::error_code ignored;
        return fs::exists(with(database_, ending), ignored);
    }
    config::Result<void> move(const char* from, const char* to) {
        if (!exists(from)) return {};
        step();
        return rename(with(database_, from), with(database_, to));
    }
    static config::Result<void> rename(const fs::path& from, const fs::path& to) {
        if (const auto done = config::rename_durably(from, to); !done)
            return failed(done.error(), to);
        return {};
    }
    void step() {
        if (between_) between_();
    }

    const fs::path database_;
    const std::function<void()>& between_;
};

// Nobody else has the copy, and no page of it is read: what is locked or damaged, and what cannot
// be read, is of the database that is copied.
bool is_of_source(const std::exception& failure) {
    const auto* sql = dynamic_cast<const SQLite::Exception*>(&failure);
    const int code = sql ? sql->getErrorCode() : SQLITE_OK;  // of a step the extended one
    switch (code) {
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_CORRUPTFS:
        case SQLITE_IOERR_DATA:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
        case SQLITE_IOERR_SHMLOCK:
        case SQLITE_IOERR_SHMMAP:
            return true;
        default:
            break;
    }
    const int primary = code & 0xff;
    return primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_CORRUPT ||
           primary == SQLITE_NOTADB;
}

// All pages of `from` into the file `part`, in one step.
config::Result<void> copy_pages(Database& from, const fs::path& part) {
    std::optional<SQLite::Database> target;
    try {
        target.emplace(part.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        SQLite::Backup backup(*target, from.handle());
        const int end = backup.executeStep(kAllPages);
        if (end != SQLITE_DONE) throw SQLite::Exception("the copy is not whole", end);
        return {};
    } catch (const std::exception& failure) {
        if (is_of_source(failure)) return describe(failure, from.file(), &from.handle());
        const auto error = describe(failure, part, target ? &*target : nullptr);
        if (error.code != Errc::full) return error;
        return config::fail(Errc::full, part.string() + ": free some space there");
    }
}

// The database `from` whole in the file `part`. All pages in one step, which is one read
// transaction: between two steps each commit of another connection would send the copy back to its
// first page, and beside a miner that writes faster than this copies it would never end. Writers
// are not kept waiting by it; their -wal grows by what they write meanwhile. For a lock it waits as
// long as `from` does.
config::Result<void> copy(Database& from, const fs::path& part) {
    if (const auto gone = remove_database(part); !gone) return gone.error();
    auto copied = copy_pages(from, part);
    if (!copied) static_cast<void>(remove_database(part));
    return copied;
}

// What root makes for a service must be open to the service: the copy `part` gets the owner and the
// permissions of what it is to replace, or else the owner of the folder. Whoever may write there
// could have put something else under its name by now, which is not given away.
void hand_over(const fs::path& part, const fs::path& place) {
    const auto file = config::open_file(part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat status {};
    const bool as_made = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                         status.st_nlink == 1 && status.st_uid == ::geteuid();
    std::error_code unknown;
    if (as_made)
        config::take_after(fs::exists(place, unknown) ? place : folder_of(place), file.get());
}

// Steps that an older copy has in its -wal alone, as it was opened and killed, into the copy
// itself: it is to stay whole until another takes its place.
void fold_in_log(const fs::path& copy) {
    std::error_code none;
    if (fs::file_size(with(copy, kWal), none) == 0 || none) return;
    try {
        SQLite::Database(copy.string(), SQLite::OPEN_READWRITE)
            .exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const SQLite::Exception&) {
        // It is damaged: there is nothing to be saved.
    }
}

// Where a database may be written to: nothing, or a plain file.
config::Result<fs::path> place_for(const fs::path& to) {
    if (to.has_parent_path())
        if (const auto made = config::make_folders(to.parent_path()); !made)
            return config::fail(Errc::cannot_open,
                                to.string() + ": " + made.error().code.message());
    const auto place = config::destination_of(to);
    if (!place && place.error().code == boost::system::errc::is_a_directory)
        return config::fail(Errc::cannot_open, to.string() + " is a folder; name a file");
    if (!place) return failed(place.error(), to);
    if (place->kind == config::Destination::Kind::stream)
        return config::fail(Errc::cannot_open,
                            to.string() + " is no plain file, which a database needs; name one");
    return place->path;
}

// By SQLite's file header (its file format, section 1.3): of any version, and damaged further on.
bool is_of_a_miner(const fs::path& file) {
    constexpr std::size_t kHeader = 100, kIdAt = 68;
    std::array<unsigned char, kHeader> header{};
    const auto opened = config::open_file(file, O_RDONLY);
    if (!opened || ::pread(opened.get(), header.data(), kHeader, 0) != kHeader) return false;
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < 4; ++i) id = id << 8 | header[kIdAt + i];
    return std::memcmp(header.data(), "SQLite format 3", 16) == 0 && id == kApplicationId;
}

// What somebody else keeps there is worth more to them than a copy is to us.
std::optional<config::Error> holds_something_else(const fs::path& to) {
    std::error_code code;
    if (!fs::exists(to, code) || fs::file_size(to, code) == 0 || is_of_a_miner(to))
        return std::nullopt;
    return config::fail(Errc::cannot_open,
                        to.string() +
                            " is there already and no copy of a miner's database; name "
                            "another file");
}

// As restore() takes it: SQLite's own files lie beside what a link leads to.
fs::path behind_links(const fs::path& database) {
    const auto place = config::destination_of(database);
    return place ? place->path : database;
}

}  // namespace

config::Result<void> back_up(const fs::path& from, const fs::path& to) {
    const auto source = Database::open(from, kToCopy);
    if (!source) return source.error();
    const auto place = place_for(to);
    if (!place) return place.error();
    std::error_code unknown;
    if (fs::equivalent(from, *place, unknown))
        return config::fail(Errc::cannot_open, to.string() + " is the database itself");
    if (const auto error = holds_something_else(*place)) return *error;
    const auto part = with(*place, ".part");
    if (const auto copied = copy(**source, part); !copied) return copied.error();
    fold_in_log(*place);
    // It would be taken for the new one's.
    if (const auto gone = remove_database(*place, {kWal, kShm, kJournal}); !gone)
        return gone.error();
    hand_over(part, *place);
    if (const auto named = config::rename_durably(part, *place); !named) {
        static_cast<void>(remove_database(part));
        return failed(named.error(), *place);
    }
    return {};
}

config::Result<bool> restore(const fs::path& from, const fs::path& to,
                             const std::function<void()>& between) {
    auto source = Database::open(from, kToCopy);
    if (!source) return source.error();
    const auto sound = guarded(**source, [&]() -> config::Result<void> {
        const auto verdict = (*source)->handle().execAndGet("PRAGMA quick_check(1)").getString();
        if (verdict == "ok") return {};
        return config::fail(Errc::corrupt, from.string() + ": " + verdict);
    });
    if (!sound) return sound.error();
    const auto place = place_for(to);
    if (!place) return place.error();
    const auto part = with(*place, ".restored.part");
    if (const auto copied = copy(**source, part); !copied) return copied.error();
    hand_over(part, *place);
    source->reset();  // it may be what goes away: NAME.before-restore
    Steps steps(*place, between);
    const bool was_there = steps.has_database();
    if (const auto committed = steps.commit(part); !committed) return committed.error();
    if (const auto done = steps.finish(); !done) return done.error();
    return was_there;
}

config::Result<bool> finish_restore(const fs::path& database,
                                    const std::function<void()>& between) {
    return Steps(behind_links(database), between).finish();
}

bool is_half_restored(const fs::path& database) {
    std::error_code ignored;
    return fs::exists(with(behind_links(database), kRestored), ignored);
}

}  // namespace storage
