#include "storage/backup.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/guard.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr int kPages = 1000;  // at a time, so that a writer is not kept waiting

fs::path with(const fs::path& file, const char* ending) {
    auto name = file;
    name += ending;
    return name;
}

// A database whole in one file, read from `from`.
config::Result<void> copy(Database& from, const fs::path& to) {
    const auto part = with(to, ".part");
    std::error_code code;
    fs::remove(part, code);
    auto copied = guarded(from, [&]() -> config::Result<void> {
        SQLite::Database target(part.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        SQLite::Backup backup(target, from.handle());
        for (int left = 1; left > 0;) {
            backup.executeStep(kPages);
            left = backup.getRemainingPageCount();
        }
        return {};
    });
    if (copied) {
        fs::rename(part, to, code);
        if (!code) return {};
        copied = config::fail(Errc::io, to.string() + ": " + code.message());
    }
    fs::remove(part, code);
    return copied;
}

std::optional<config::Error> no_place(const fs::path& to) {
    std::error_code code;
    if (to.has_parent_path()) fs::create_directories(to.parent_path(), code);
    if (code) return config::fail(Errc::cannot_open, to.string() + ": " + code.message());
    if (fs::is_directory(to, code))
        return config::fail(Errc::cannot_open, to.string() + " is a folder; name a file");
    return std::nullopt;
}

}  // namespace

config::Result<void> back_up(const fs::path& from, const fs::path& to) {
    const auto source = Database::open(from, {.read_only = true});
    if (!source) return source.error();
    if (const auto error = no_place(to)) return *error;
    std::error_code unknown;
    if (fs::equivalent(from, to, unknown))
        return config::fail(Errc::cannot_open, to.string() + " is the database itself");
    return copy(**source, to);
}

config::Result<void> restore(const fs::path& from, const fs::path& to) {
    const auto source = Database::open(from, {.read_only = true});
    if (!source) return source.error();
    const auto sound = guarded(**source, [&]() -> config::Result<void> {
        const auto verdict = (*source)->handle().execAndGet("PRAGMA quick_check(1)").getString();
        if (verdict == "ok") return {};
        return config::fail(Errc::corrupt, from.string() + ": " + verdict);
    });
    if (!sound) return sound.error();
    if (const auto error = no_place(to)) return *error;
    const auto fresh = with(to, ".restored");
    if (const auto copied = copy(**source, fresh); !copied) return copied.error();
    std::error_code code;
    for (const char* ending : {"", "-wal", "-shm"}) {
        const auto old = with(to, ending);
        if (!fs::exists(old, code)) continue;
        // The -wal belongs to the old file: it goes with it, under SQLite's own name for it.
        fs::rename(old, with(with(to, ".before-restore"), ending), code);
        if (code) return config::fail(Errc::io, old.string() + ": " + code.message());
    }
    fs::rename(fresh, to, code);
    if (code) return config::fail(Errc::io, to.string() + ": " + code.message());
    return {};
}

}  // namespace storage
