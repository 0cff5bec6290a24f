#include "storage/database.hpp"

#include "config/durable_file.hpp"
#include "storage/backup.hpp"
#include "storage/guard.hpp"
#include "storage/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

namespace storage {
namespace {

namespace fs = std::filesystem;

// A check of every page costs about a second a gigabyte; larger files are checked as they are read.
constexpr std::uintmax_t kCheckedAtOpen = 64u << 20;

// No lock around every call: an object belongs to one thread at a time.
constexpr int kUnshared = SQLITE_OPEN_NOMUTEX;

fs::path beside(const fs::path& file, const char* suffix) {
    fs::path result = file;
    result += suffix;
    return result;
}

bool has_content(const fs::path& file) {
    std::error_code ignored;
    const auto size = fs::file_size(file, ignored);
    return !ignored && size > 0;
}

std::optional<config::Error> unusable_for_reading(const fs::path& file) {
    if (is_half_restored(file)) {
        return config::fail(Errc::cannot_open,
                            file.string() +
                                ": putting back a copy was cut off; run `miner`, which goes on "
                                "with it, or `miner restore` again");
    }
    std::error_code code;
    const auto status = fs::status(file, code);
    if (status.type() == fs::file_type::not_found) {
        return config::fail(Errc::cannot_open,
                            file.string() + ": no database yet; run `miner` first");
    }
    if (code) return config::fail(Errc::cannot_open, file.string() + ": " + code.message());
    if (fs::is_directory(status)) {
        return config::fail(Errc::cannot_open, file.string() + " is a folder, not a database");
    }
    if (!has_content(file) && !has_content(beside(file, "-wal"))) {
        return config::fail(Errc::cannot_open, file.string() + ": empty; run `miner` first");
    }
    if (access(file.c_str(), R_OK) != 0) {
        return config::fail(Errc::cannot_open, file.string() + ": may not be read by this user");
    }
    return std::nullopt;
}

config::Error no_folder(const fs::path& folder, const config::Error& why) {
    namespace errc = boost::system::errc;
    const auto words = folder.string() + ": cannot make this folder (" + why.code.message() +
                       "); choose another storage.path";
    if (why.code == errc::no_space_on_device) return config::fail(Errc::full, words);
    if (why.code == errc::read_only_file_system) return config::fail(Errc::read_only, words);
    return config::fail(Errc::cannot_open, words);
}

std::optional<config::Error> unusable_for_writing(const fs::path& file) {
    std::error_code code;
    const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (const auto made = config::make_folders(folder); !made)
        return no_folder(folder, made.error());
    const auto status = fs::status(file, code);
    if (fs::is_directory(status)) {
        return config::fail(Errc::cannot_open,
                            file.string() + " is a folder; name a file, or move the folder away");
    }
    // SQLite would open such a file all the same, and fail at the first step of the first task.
    if (fs::exists(status) && access(file.c_str(), W_OK) != 0) {
        return config::fail(Errc::read_only, file.string() + ": make it writable for this user");
    }
    if (access(folder.c_str(), W_OK | X_OK) != 0) {
        return config::fail(Errc::read_only,
                            folder.string() + ": make this folder writable for this user");
    }
    return std::nullopt;
}

int pragma(SQLite::Database& database, const char* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

// Of a version before this program's; an empty file has none.
bool is_of_older_version(SQLite::Database& database) {
    const int version = pragma(database, "user_version");
    return version > 0 && version < int(migrations().size());
}

// Ours, empty, or somebody else's; and of which version.
std::optional<config::Error> refused(SQLite::Database& database, const fs::path& file,
                                     const Database::Options& options) {
    const int newest = int(migrations().size());
    const int version = pragma(database, "user_version");
    const bool ours = pragma(database, "application_id") == kApplicationId;
    if (ours && version > newest) {
        return config::fail(Errc::newer, file.string() + ": its version is " +
                                             std::to_string(version) + ", this program knows " +
                                             std::to_string(newest) + "; update the program");
    }
    const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
    if (!ours && (!empty || version != 0)) {
        return config::fail(Errc::corrupt,
                            file.string() + ": a database of another program; name another file");
    }
    if (options.read_only && empty) {
        return config::fail(Errc::cannot_open, file.string() + ": empty; run `miner` first");
    }
    if (options.read_only && !options.keep_older && version < newest) {
        return config::fail(Errc::cannot_open,
                            file.string() + ": of an older version; run `miner` first");
    }
    return std::nullopt;
}

// SQLite's URI form of a path, for a file that nobody writes: it is read without its -shm, which
// cannot be made in a folder that may not be written.
std::string immutable_uri(const fs::path& file) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const unsigned char c : fs::absolute(file).string()) {
        if (c == '%' || c == '?' || c == '#') {
            uri += {'%', kHex[c >> 4], kHex[c & 15]};
        } else {
            uri += char(c);
        }
    }
    return uri + "?immutable=1";
}

config::Result<std::unique_ptr<SQLite::Database>> open_to_read(const fs::path& file,
                                                               std::chrono::milliseconds wait) {
    const int busy = int(wait.count());
    try {
        auto handle = std::make_unique<SQLite::Database>(file.string(),
                                                         SQLite::OPEN_READONLY | kUnshared, busy);
        pragma(*handle, "schema_version");  // the first read; opening alone touches nothing
        return handle;
    } catch (const SQLite::Exception& failure) {
        const int code = failure.getErrorCode();
        if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) throw;
    }
    if (has_content(beside(file, "-wal"))) {
        return config::fail(
            Errc::cannot_open,
            file.string() +
                ": its newest steps lie in the -wal file beside it, and reading them "
                "needs a writable folder; copy both files to one and read there");
    }
    return std::make_unique<SQLite::Database>(
        immutable_uri(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI | kUnshared, busy);
}

std::optional<config::Error> damaged(SQLite::Database& database, const fs::path& file) {
    std::error_code ignored;
    if (fs::file_size(file, ignored) > kCheckedAtOpen) return std::nullopt;
    const auto verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict == "ok") return std::nullopt;
    return config::fail(Errc::corrupt,
                        file.string() +
                            ": move it away (with its -wal and -shm) and start anew, "
                            "or restore a copy (" +
                            verdict + ")");
}

void prepare_to_write(SQLite::Database& database) {
    // WAL: `miner stats` reads while the miner writes. FULL: a step that was reported as kept
    // survives a power cut.
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("PRAGMA journal_size_limit = 67108864");
    if (database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
        throw SQLite::Exception("no write-ahead log on this file system", SQLITE_CANTOPEN);
    }
}

}  // namespace

Database::~Database() = default;

config::Result<std::unique_ptr<Database>> Database::open(const fs::path& file, Options options) {
    const auto unusable =
        options.read_only ? unusable_for_reading(file) : unusable_for_writing(file);
    if (unusable) return *unusable;
    std::unique_ptr<Database> database(new Database);
    database->file_ = file;
    if (!options.read_only) {
        const auto finished = finish_restore(file);
        if (!finished) return finished.error();
        database->finished_restore_ = *finished;
    }
    auto& handle = database->handle_;
    try {
        if (options.read_only) {
            auto opened = open_to_read(file, options.busy_wait);
            if (!opened) return opened.error();
            handle = std::move(*opened);
        } else {
            // Made by root it would be root's alone. Its -wal and -shm SQLite gives to its owner.
            config::make_file(file, O_RDWR);
            handle = std::make_unique<SQLite::Database>(
                file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | kUnshared,
                int(options.busy_wait.count()));
        }
        if (auto error = refused(*handle, file, options)) return *error;
        database->older_ = options.keep_older && is_of_older_version(*handle);
        if (!options.read_only) {
            if (auto error = damaged(*handle, file)) return *error;
            prepare_to_write(*handle);
            if (!database->older_) migrate(*handle, migrations());
        }
    } catch (const std::exception& failure) {
        return describe(failure, file, handle.get());
    }
    return database;
}

config::Result<void> Database::probe() {
    return guarded(*this, [&]() -> config::Result<void> {
        SQLite::Transaction transaction(*handle_, SQLite::TransactionBehavior::IMMEDIATE);
        const int version = pragma(*handle_, "user_version");
        handle_->exec("PRAGMA user_version = " + std::to_string(version));
        transaction.commit();
        return {};
    });
}

}  // namespace storage
