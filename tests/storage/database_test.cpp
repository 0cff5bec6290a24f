#include "storage/database.hpp"

#include "storage/errc.hpp"
#include "storage/schema.hpp"
#include "tests/storage/older_database.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/storage/results.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

using storage::Database;
using storage::Errc;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Opened = config::Result<std::unique_ptr<Database>>;

constexpr Database::Options kReadOnly{.read_only = true, .busy_wait = 50ms};

// A folder that other users may enter.
class Folder : public tests::TemporaryFolder {
public:
    Folder() { fs::permissions(path(), fs::perms(0755)); }
    ~Folder() { fs::permissions(path(), fs::perms(0755)); }

    fs::path file(const char* name = "miner.db") const { return path() / name; }
};

bool mentions(const Opened& opened, const std::string& words) {
    return opened.error().message().find(words) != std::string::npos;
}

void write(const fs::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
}

// A database with a few hundred kilobytes of rows, all in the file itself.
void make_database(const fs::path& file) {
    auto database = Database::open(file);
    REQUIRE(database);
    auto& handle = (*database)->handle();
    handle.exec(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        " INSERT INTO runs (version, settings_hash, started_at)"
        " SELECT '1', hex(randomblob(50)), i FROM n");
}

void overwrite(const fs::path& file, std::streamoff offset, const std::string& bytes) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(offset);
    stream << bytes;
}

}  // namespace

TEST_CASE("opening makes the folders and the tables") {
    const Folder folder;
    const auto file = folder.path() / "a" / "b" / "miner.db";
    auto database = Database::open(file);
    REQUIRE(database);
    CHECK((*database)->file() == file);
    auto& handle = (*database)->handle();
    CHECK(handle.tableExists("tasks"));
    CHECK(handle.execAndGet("PRAGMA journal_mode").getString() == "wal");
    CHECK(handle.execAndGet("PRAGMA synchronous").getInt() == 2);
    CHECK(handle.execAndGet("PRAGMA foreign_keys").getInt() == 1);
    CHECK(handle.execAndGet("PRAGMA application_id").getInt() == storage::kApplicationId);
}

TEST_CASE("what was written is there when it is opened again") {
    const Folder folder;
    make_database(folder.file());
    auto database = Database::open(folder.file());
    REQUIRE(database);
    CHECK((*database)->handle().execAndGet("SELECT count(*) FROM runs").getInt() == 3000);
}

TEST_CASE("a name without a folder is a file in the current one") {
    const Folder folder;
    const auto before = fs::current_path();
    fs::current_path(folder.path());
    const bool opened = Database::open("miner.db").has_value();
    fs::current_path(before);
    CHECK(opened);
    CHECK(fs::exists(folder.file()));
}

TEST_CASE("reading works beside a running writer and sees what was committed") {
    const Folder folder;
    auto writer = Database::open(folder.file());
    REQUIRE(writer);
    auto reader = Database::open(folder.file(), kReadOnly);
    REQUIRE(reader);
    auto& handle = (*writer)->handle();
    SQLite::Transaction transaction(handle);
    handle.exec("INSERT INTO hotkeys (address) VALUES ('5F')");
    CHECK((*reader)->handle().execAndGet("SELECT count(*) FROM hotkeys").getInt() == 0);
    transaction.commit();
    CHECK((*reader)->handle().execAndGet("SELECT count(*) FROM hotkeys").getInt() == 1);
    CHECK_THROWS_AS((*reader)->handle().exec("DELETE FROM hotkeys"), SQLite::Exception);
}

TEST_CASE("a database that is read only is not made, and who asks is told what to do") {
    const Folder folder;
    for (const auto& file : {folder.file(), folder.path() / "none" / "miner.db"}) {
        const auto opened = Database::open(file, kReadOnly);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::cannot_open);
        CHECK(mentions(opened, "no database yet; run `miner` first"));
        CHECK_FALSE(fs::exists(file));
    }
}

TEST_CASE("an empty file, as a kill at the first start leaves it, becomes a database") {
    const Folder folder;
    write(folder.file(), "");
    const auto read = Database::open(folder.file(), kReadOnly);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::cannot_open);
    CHECK(mentions(read, "run `miner` first"));
    CHECK(Database::open(folder.file()));
    CHECK(Database::open(folder.file(), kReadOnly));
}

TEST_CASE("a folder in place of the file is refused") {
    const Folder folder;
    fs::create_directory(folder.file());
    for (const auto& options : {Database::Options{}, kReadOnly}) {
        const auto opened = Database::open(folder.file(), options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::cannot_open);
        CHECK(mentions(opened, "is a folder"));
    }
}

TEST_CASE("a file in place of the folder is refused") {
    const Folder folder;
    write(folder.path() / "file", "x");
    const auto opened = Database::open(folder.path() / "file" / "miner.db");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::cannot_open);
    CHECK(mentions(opened, "storage.path"));
}

TEST_CASE("what is no database is refused and left as it is") {
    const Folder folder;
    const std::string text(5000, 'x');
    write(folder.file(), "not a database\n" + text);
    for (const auto& options : {Database::Options{}, kReadOnly}) {
        const auto opened = Database::open(folder.file(), options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::corrupt);
        CHECK(mentions(opened, "move it away"));
    }
    CHECK(fs::file_size(folder.file()) == 5015);
}

TEST_CASE("a short text file is refused") {
    const Folder folder;
    write(folder.file(), "hello\n");
    const auto opened = Database::open(folder.file());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
}

TEST_CASE("a damaged header is refused") {
    const Folder folder;
    make_database(folder.file());
    overwrite(folder.file(), 0, std::string(40, '\x5a'));
    for (const auto& options : {Database::Options{}, kReadOnly}) {
        const auto opened = Database::open(folder.file(), options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::corrupt);
    }
}

TEST_CASE("a damaged page in the middle is found when the miner starts") {
    const Folder folder;
    make_database(folder.file());
    const auto size = std::streamoff(fs::file_size(folder.file()));
    overwrite(folder.file(), size / 2 / 4096 * 4096, std::string(4096, '\xff'));
    const auto opened = Database::open(folder.file());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(mentions(opened, "restore a copy"));
}

TEST_CASE("a file that was cut short is refused") {
    const Folder folder;
    make_database(folder.file());
    fs::resize_file(folder.file(), fs::file_size(folder.file()) / 2);
    const auto opened = Database::open(folder.file());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
}

TEST_CASE("another program's database is refused and left as it is") {
    const Folder folder;
    {
        SQLite::Database other(folder.file().string(),
                               SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE tasks (x)");
    }
    for (const auto& options : {Database::Options{}, kReadOnly}) {
        const auto opened = Database::open(folder.file(), options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::corrupt);
        CHECK(mentions(opened, "another program"));
    }
    SQLite::Database other(folder.file().string());
    CHECK(other.execAndGet("PRAGMA journal_mode").getString() == "delete");
    CHECK(other.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 1);
}

TEST_CASE("a database of a newer version is refused with both versions named") {
    const Folder folder;
    make_database(folder.file());
    {
        SQLite::Database newer(folder.file().string(), SQLite::OPEN_READWRITE);
        newer.exec("PRAGMA user_version = 1000");
    }
    for (const auto& options : {Database::Options{}, kReadOnly}) {
        const auto opened = Database::open(folder.file(), options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::newer);
        CHECK(mentions(opened, "version is 1000"));
        CHECK(mentions(opened, "update the program"));
    }
}

TEST_CASE("an older version is refused to read, kept as it is when asked to, and else migrated") {
    const Folder folder;
    tests::make_older_database(folder.file());
    const auto read = Database::open(folder.file(), kReadOnly);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::cannot_open);
    CHECK(mentions(read, "of an older version; run `miner` first"));
    for (const bool read_only : {true, false}) {
        INFO((read_only ? "to read" : "to write"));
        const auto kept =
            Database::open(folder.file(), {.read_only = read_only, .keep_older = true});
        REQUIRE(kept);
        CHECK((*kept)->is_older());
        CHECK(tests::Outsider(folder.file()).number("PRAGMA user_version") ==
              tests::version_before());
    }
    REQUIRE(Database::open(folder.file()));
    for (const bool keep_older : {true, false}) {
        const auto opened = Database::open(folder.file(), {.keep_older = keep_older});
        REQUIRE(opened);
        CHECK_FALSE((*opened)->is_older());
    }
    CHECK(Database::open(folder.file(), kReadOnly));
}

TEST_CASE("a database that another process holds is waited for, then reported") {
    const Folder folder;
    make_database(folder.file());
    SQLite::Database holder(folder.file().string(), SQLite::OPEN_READWRITE);
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM hotkeys");
    const auto begun = std::chrono::steady_clock::now();
    const auto opened = Database::open(folder.file(), {.busy_wait = 100ms});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::locked);
    CHECK(mentions(opened, "wait for the other process or stop it"));
    CHECK(std::chrono::steady_clock::now() - begun >= 90ms);
    holder.exec("ROLLBACK");
}

TEST_CASE("a file that may not be written is refused to write and can be read") {
    const Folder folder;
    make_database(folder.file());
    fs::permissions(folder.file(), fs::perms(0444));
    fs::permissions(folder.path(), fs::perms(0777));
    CHECK(tests::unprivileged([&] {
              const auto opened = Database::open(folder.file());
              if (opened || opened.error().code != Errc::read_only) return 1;
              if (!mentions(opened, "make it writable")) return 2;
              return Database::open(folder.file(), kReadOnly) ? 0 : 3;
          }) == 0);
}

TEST_CASE("a folder that may not be written is refused to write and can be read from") {
    const Folder folder;
    make_database(folder.file());
    CHECK_FALSE(fs::exists(folder.file("miner.db-shm")));  // nor could it be made there
    fs::permissions(folder.file(), fs::perms(0666));
    fs::permissions(folder.path(), fs::perms(0555));
    CHECK(tests::unprivileged([&] {
              const auto opened = Database::open(folder.file());
              if (opened || opened.error().code != Errc::read_only) return 1;
              auto reader = Database::open(folder.file(), kReadOnly);
              if (!reader) return 2;
              auto& handle = (*reader)->handle();
              return handle.execAndGet("SELECT count(*) FROM runs").getInt() == 3000 ? 0 : 3;
          }) == 0);
}

TEST_CASE("reading never passes over steps that lie in the log beside the file") {
    const Folder folder;
    auto writer = Database::open(folder.file());
    REQUIRE(writer);
    (*writer)->handle().exec("INSERT INTO hotkeys (address) VALUES ('5F')");
    const Folder copy;  // as a kill leaves it: a log with content, and no index of it
    fs::copy_file(folder.file(), copy.file());
    fs::copy_file(folder.file("miner.db-wal"), copy.file("miner.db-wal"));
    for (const char* name : {"miner.db", "miner.db-wal"}) {
        fs::permissions(copy.file(name), fs::perms(0444));
    }
    fs::permissions(copy.path(), fs::perms(0555));
    CHECK(tests::unprivileged([&] {
              const auto opened = Database::open(copy.file(), kReadOnly);
              if (opened || opened.error().code != Errc::cannot_open) return 1;
              return mentions(opened, "-wal") ? 0 : 2;
          }) == 0);
    fs::permissions(copy.path(), fs::perms(0755));
    auto reader = Database::open(copy.file(), kReadOnly);
    REQUIRE(reader);
    CHECK((*reader)->handle().execAndGet("SELECT count(*) FROM hotkeys").getInt() == 1);
}

TEST_CASE("a path with characters that mean something in a URI is read in a folder of others") {
    const Folder folder;
    const auto file = folder.file("50% of #1?.db");
    make_database(file);
    fs::permissions(folder.path(), fs::perms(0555));
    CHECK(tests::unprivileged([&] { return Database::open(file, kReadOnly) ? 0 : 1; }) == 0);
}

TEST_CASE("a file that may not be read is refused") {
    const Folder folder;
    make_database(folder.file());
    fs::permissions(folder.file(), fs::perms(0000));
    CHECK(tests::unprivileged([&] {
              const auto opened = Database::open(folder.file(), kReadOnly);
              return !opened && opened.error().code == Errc::cannot_open ? 0 : 1;
          }) == 0);
}

TEST_CASE("a disk that fills up while the tables are made is reported as full") {
    const Folder folder;
    fs::permissions(folder.path(), fs::perms(0777));
    CHECK(tests::unprivileged([&] {
              // The process may write no file beyond this size: to SQLite that is a disk failure.
              const rlimit limit{8192, 8192};
              ::signal(SIGXFSZ, SIG_IGN);
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const auto opened = Database::open(folder.file());
              if (opened || opened.error().code != Errc::full) return 2;
              return mentions(opened, "free some space") ? 0 : 3;
          }) == 0);
    CHECK(Database::open(folder.file()));  // with room again, what was half made is finished
}

TEST_CASE("a database that root makes in the folder of a service is the service's, with its -wal") {
    const Folder folder;
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    {
        const auto database = Database::open(folder.file()).value();
        CHECK(database->probe().has_value());
        for (const auto* name : {"miner.db", "miner.db-wal", "miner.db-shm"}) {
            CAPTURE(name);
            CHECK(tests::is_of_nobody(folder.file(name)));
        }
    }
    CHECK(tests::unprivileged([&] { return Database::open(folder.file()) ? 0 : 1; }) == 0);
}

TEST_CASE("a look whether the file takes anything changes nothing, and says why when not") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    const auto database = Database::open(file, {.busy_wait = 1ms}).value();
    const auto version = [&] {
        return database->handle().execAndGet("PRAGMA user_version").getInt();
    };
    const int before = version();
    REQUIRE(before > 0);
    CHECK(database->probe().has_value());
    CHECK(version() == before);
    {
        SQLite::Database other(file.string(), SQLite::OPEN_READWRITE);
        other.exec("BEGIN IMMEDIATE");
        CHECK(database->probe().error().code == Errc::locked);
    }
    CHECK(database->probe().has_value());
    const auto reader = Database::open(file, kReadOnly).value();
    CHECK(reader->probe().error().code == Errc::read_only);
}
