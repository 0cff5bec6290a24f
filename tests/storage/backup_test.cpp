#include "storage/backup.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "storage/listing.hpp"
#include "tests/storage/older_database.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/storage/results.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

using namespace storage;
namespace fs = std::filesystem;

namespace {

struct Mined {
    tests::TemporaryFolder folder;
    fs::path file = folder.path() / "miner.db", copy = folder.path() / "safe" / "copy.db";
    std::unique_ptr<Database> database = Database::open(file).value();
    std::unique_ptr<Journal> journal = std::make_unique<Journal>(*database, "0.1", "hash", 0);

    void pull(const std::string& id) {
        REQUIRE(journal->pulled({"us", "them", id, "image", "p", 1}));
    }
    void stop() {
        journal.reset();
        database.reset();
    }
};

std::size_t tasks_in(const fs::path& file) {
    return list_tasks(*Database::open(file, {.read_only = true}).value(), 100).value().size();
}

}  // namespace

TEST_CASE("a database is backed up while it is written to") {
    Mined mined;
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    mined.pull("b");
    CHECK(tasks_in(mined.copy) == 1);
    REQUIRE(back_up(mined.file, mined.copy));  // over the older one
    CHECK(tasks_in(mined.copy) == 2);
    CHECK_FALSE(fs::exists(mined.copy.string() + ".part"));
}

namespace {

// Another connection that changes the first and the last of many pages together, commit upon
// commit. `patience` ends it where nobody stops it.
class Writer {
public:
    Writer(const fs::path& file, std::chrono::seconds patience)
        : database_(file.string(), SQLite::OPEN_READWRITE, 60'000),
          until_(std::chrono::steady_clock::now() + patience) {
        database_.exec("PRAGMA synchronous = OFF");  // so that commits come thick and fast
        database_.exec("CREATE TABLE first (number INTEGER)");
        database_.exec("CREATE TABLE filler (bytes BLOB)");
        database_.exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " +
                       std::to_string(kMegabytes) +
                       ") INSERT INTO filler SELECT randomblob(1000000) FROM n");
        database_.exec("CREATE TABLE last (number INTEGER)");
        database_.exec("INSERT INTO first VALUES (0); INSERT INTO last VALUES (0)");
        thread_ = std::thread([this] { write(); });
        while (commits_ == 0) std::this_thread::yield();
    }
    ~Writer() { stop(); }

    // False when it had run out of patience before.
    bool stop() {
        stopped_ = true;
        if (thread_.joinable()) thread_.join();
        return in_time_;
    }
    int commits() const { return commits_; }

    static constexpr int kMegabytes = 20;

private:
    void write() {
        while (!stopped_ && in_time_) {
            database_.exec(
                "BEGIN IMMEDIATE; UPDATE first SET number = number + 1;"
                "UPDATE last SET number = number + 1; COMMIT");
            ++commits_;
            in_time_ = std::chrono::steady_clock::now() < until_;
        }
    }

    SQLite::Database database_;
    const std::chrono::steady_clock::time_point until_;
    std::atomic<bool> stopped_ = false, in_time_ = true;
    std::atomic<int> commits_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a backup ends while another connection commits without pause, and is of one moment") {
    Mined mined;
    mined.pull("a");
    Writer writer(mined.file, std::chrono::seconds(60));
    const int before = writer.commits();
    REQUIRE(back_up(mined.file, mined.copy));
    const int after = writer.commits() + 1;  // one may be on its way
    CHECK(writer.stop());
    SQLite::Database copy(mined.copy.string());
    CHECK(copy.execAndGet("PRAGMA integrity_check").getString() == "ok");
    const int first = copy.execAndGet("SELECT number FROM first").getInt();
    CHECK(first == copy.execAndGet("SELECT number FROM last").getInt());
    CHECK(first >= before);
    CHECK(first <= after);
    CHECK(copy.execAndGet("SELECT sum(length(bytes)) FROM filler").getInt64() ==
          Writer::kMegabytes * 1'000'000);
    CHECK(tasks_in(mined.copy) == 1);
}

TEST_CASE("a copy is put back, and what was there is kept") {
    Mined mined;
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    mined.pull("b");
    mined.stop();
    CHECK(restore(mined.copy, mined.file).value());
    CHECK(tasks_in(mined.file) == 1);
    CHECK(tasks_in(mined.file.string() + ".before-restore") == 2);
    CHECK(Database::open(mined.file).has_value());
}

TEST_CASE("a copy is restored where there is no database yet") {
    Mined mined;
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    const auto elsewhere = mined.folder.path() / "new" / "miner.db";
    CHECK_FALSE(restore(mined.copy, elsewhere).value());
    CHECK(tasks_in(elsewhere) == 1);
    CHECK_FALSE(fs::exists(elsewhere.string() + ".before-restore"));
}

TEST_CASE(
    "of an older version a copy is made and put back as it is, for the next start to migrate") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db", copy = folder.path() / "copy.db";
    const auto elsewhere = folder.path() / "new" / "miner.db";
    const auto version = [](const fs::path& of) {
        return tests::Outsider(of).number("PRAGMA user_version");
    };
    tests::make_older_database(file);
    REQUIRE(back_up(file, copy));
    REQUIRE(restore(copy, elsewhere));
    for (const auto& kept : {file, copy, elsewhere})
        CHECK(version(kept) == tests::version_before());
    REQUIRE(Database::open(elsewhere));
    CHECK(version(elsewhere) == tests::version_before() + 1);
    CHECK(tests::Outsider(elsewhere).word("SELECT address FROM hotkeys") == "5F");
}

TEST_CASE("what root copies or puts back is whose it was before, or else the folder's owner's") {
    Mined mined;
    const auto service = mined.folder.path() / "service";
    fs::create_directory(service);
    if (!tests::give_to_nobody(service)) {
        WARN("not tested: only root may give files away");
        return;
    }
    fs::permissions(mined.folder.path(), fs::perms(0755));
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    CHECK_FALSE(tests::is_of_nobody(mined.copy));
    mined.stop();

    REQUIRE(tests::give_to_nobody(mined.file));
    fs::permissions(mined.file, fs::perms(0640));
    REQUIRE(restore(mined.copy, mined.file));
    CHECK(tests::is_of_nobody(mined.file));
    CHECK(fs::status(mined.file).permissions() == fs::perms(0640));
    REQUIRE(tests::give_to_nobody(mined.copy));
    REQUIRE(back_up(mined.file, mined.copy));
    CHECK(tests::is_of_nobody(mined.copy));

    const auto file = service / "miner.db";
    REQUIRE(restore(mined.copy, file));
    REQUIRE(back_up(file, service / "copy.db"));
    for (const auto& entry : fs::directory_iterator(service)) {
        INFO(entry.path().string());
        CHECK(tests::is_of_nobody(entry.path()));
    }
    CHECK(tests::unprivileged([&] { return Database::open(file) ? 0 : 1; }) == 0);
}

namespace {

// Of a failure that is to speak of one file and not of another; 0: it does.
int blames(const config::Error& error, Errc code, const fs::path& file, const fs::path& other) {
    if (error.code != code) return 2;
    if (error.detail.find(file.string()) == std::string::npos) return 3;
    return error.detail.find(other.string()) == std::string::npos ? 0 : 4;
}

}  // namespace

TEST_CASE("a copy that cannot be made in its folder is told by its own name") {
    Mined mined;
    mined.pull("a");
    mined.stop();
    fs::create_directory(mined.copy.parent_path());
    fs::permissions(mined.copy.parent_path(), fs::perms(0555));
    fs::permissions(mined.folder.path(), fs::perms(0755));
    CHECK(tests::unprivileged([&] {
              const auto made = back_up(mined.file, mined.copy);
              return made ? 1 : blames(made.error(), Errc::cannot_open, mined.copy, mined.file);
          }) == 0);
}

TEST_CASE("a disk that fills up under a copy is told by the copy's name, with what helps") {
    Mined mined;
    mined.pull("a");
    mined.stop();
    fs::create_directory(mined.copy.parent_path());
    fs::permissions(mined.copy.parent_path(), fs::perms(0777));
    fs::permissions(mined.folder.path(), fs::perms(0755));
    const bool back = GENERATE(false, true);
    CAPTURE(back);
    CHECK(tests::unprivileged([&] {
              // The process may write no file beyond this size: to SQLite that is a disk failure.
              const rlimit limit{16384, 16384};
              ::signal(SIGXFSZ, SIG_IGN);
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const auto made = [&]() -> config::Result<void> {
                  if (!back) return back_up(mined.file, mined.copy);
                  const auto restored = restore(mined.file, mined.copy);
                  return restored ? config::Result<void>() : restored.error();
              }();
              if (made) return 1;
              if (made.error().detail.find("storage.path") != std::string::npos) return 5;
              return blames(made.error(), Errc::full, mined.copy, mined.file);
          }) == 0);
    CHECK(fs::is_empty(mined.copy.parent_path()));
}

TEST_CASE("what is no sound copy changes nothing") {
    Mined mined;
    mined.pull("a");
    mined.stop();
    const auto junk = mined.folder.path() / "junk.db";
    std::ofstream(junk) << std::string(10'000, 'x');
    CHECK(restore(junk, mined.file).error().code == Errc::corrupt);
    CHECK(restore(mined.folder.path() / "none.db", mined.file).has_error());
    CHECK(tasks_in(mined.file) == 1);
    CHECK_FALSE(fs::exists(mined.file.string() + ".before-restore"));
}

TEST_CASE("a backup does not go over the database itself, nor over a folder") {
    Mined mined;
    CHECK(back_up(mined.file, mined.file).has_error());
    CHECK(back_up(mined.file, mined.folder.path()).has_error());
    CHECK(back_up(mined.folder.path() / "none.db", mined.copy).has_error());
    CHECK_FALSE(fs::exists(mined.copy));
}

namespace {

// A copy whose database has so many tasks.
fs::path copy_with(const fs::path& folder, const std::string& name, int tasks) {
    const auto file = folder / (name + "-source.db"), copy = folder / (name + ".db");
    const auto database = Database::open(file).value();
    Journal journal(*database, "0.1", "hash", 0);
    for (int i = 0; i < tasks; ++i)
        REQUIRE(journal.pulled({"us", "them", name + std::to_string(i), "image", "p", 1}));
    REQUIRE(back_up(file, copy));
    return copy;
}

// As kill -9 leaves it: the newest steps are in the -wal alone.
void killed_with_wal(const fs::path& folder, const fs::path& to) {
    const auto file = folder / "killed.db";
    const auto database = Database::open(file).value();
    Journal journal(*database, "0.1", "hash", 0);
    for (int i = 0; i < 3; ++i)
        REQUIRE(journal.pulled({"us", "them", "k" + std::to_string(i), "image", "p", 1}));
    REQUIRE(fs::file_size(file.string() + "-wal") > 0);
    fs::copy_file(file, to);
    fs::copy_file(file.string() + "-wal", to.string() + "-wal");
}

struct Cut {};

// Restores, and is cut off before change number `at` on the disk. False when it was done before.
bool restore_until(const fs::path& copy, const fs::path& to, int at) {
    try {
        const auto restored = restore(copy, to, [&, step = 0]() mutable {
            if (step++ == at) throw Cut();
        });
        REQUIRE(restored);
    } catch (const Cut&) {
        return true;
    }
    return false;
}

}  // namespace

TEST_CASE("what was set aside has the -wal that belongs to it, after a second restore too") {
    tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db", aside = folder.path() / "miner.db.before-restore";
    killed_with_wal(folder.path(), file);
    const auto a = copy_with(folder.path(), "a", 1), b = copy_with(folder.path(), "b", 2);
    REQUIRE(restore(a, file));
    CHECK(tasks_in(file) == 1);
    CHECK(tasks_in(aside) == 3);
    REQUIRE(Database::open(file).has_value());  // and a clean stop
    REQUIRE(restore(b, file));
    CHECK(tasks_in(file) == 2);
    CHECK_FALSE(fs::exists(aside.string() + "-wal"));
    CHECK(tasks_in(aside) == 1);
    // And back.
    REQUIRE(restore(aside, file));
    CHECK(tasks_in(file) == 1);
    CHECK(tasks_in(aside) == 2);
}

TEST_CASE("a restore that is cut off at any step leaves the old database or the new, whole") {
    int cuts = 0;
    for (int at = 0;; ++at) {
        INFO("cut before change " << at);
        tests::TemporaryFolder folder;
        const auto file = folder.path() / "miner.db";
        const auto aside = folder.path() / "miner.db.before-restore";
        killed_with_wal(folder.path(), file);
        const auto earlier = copy_with(folder.path(), "earlier", 4);
        REQUIRE(restore(earlier, file));
        fs::remove(file);  // as it was killed once more
        fs::remove(folder.path() / "killed.db");
        fs::remove(folder.path() / "killed.db-wal");
        killed_with_wal(folder.path(), file);
        const auto copy = copy_with(folder.path(), "copy", 1);
        if (!restore_until(copy, file, at)) break;
        ++cuts;
        if (is_half_restored(file)) {
            // Whoever only reads is told; the next start finishes it.
            const auto read = Database::open(file, {.read_only = true});
            REQUIRE(read.has_error());
            CHECK_THAT(read.error().detail, Catch::Contains("miner restore"));
            CHECK(Database::open(file).value()->finished_restore());
            CHECK(tasks_in(file) == 1);
            CHECK(tasks_in(aside) == 3);
        } else {
            CHECK_FALSE(Database::open(file).value()->finished_restore());
            CHECK(tasks_in(file) == 3);
        }
        CHECK_FALSE(is_half_restored(file));
        CHECK_FALSE(Database::open(file).value()->finished_restore());
    }
    CHECK(cuts >= 4);
}

TEST_CASE("after a restore that was cut off another copy may be put back") {
    for (int at = 0;; ++at) {
        INFO("cut before change " << at);
        tests::TemporaryFolder folder;
        const auto file = folder.path() / "miner.db";
        const auto aside = folder.path() / "miner.db.before-restore";
        killed_with_wal(folder.path(), file);
        const auto a = copy_with(folder.path(), "a", 1), b = copy_with(folder.path(), "b", 2);
        if (!restore_until(a, file, at)) break;
        CHECK(restore(b, file).value());  // whichever of the two set it aside
        CHECK(tasks_in(file) == 2);
        CHECK(tasks_in(aside) == 3);
    }
}

TEST_CASE("a -wal whose database is gone is not taken for the copy's") {
    tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    killed_with_wal(folder.path(), file);
    fs::remove(file);
    const auto copy = copy_with(folder.path(), "copy", 1);
    REQUIRE(restore(copy, file));
    CHECK(tasks_in(file) == 1);
    CHECK(fs::exists(file.string() + ".stray-wal"));
}

TEST_CASE("a backup follows a link, and goes over nothing but a miner's copy") {
    Mined mined;
    mined.pull("a");
    const auto at = [&](const char* name) { return mined.folder.path() / name; };
    fs::create_symlink(at("real.db"), at("link.db"));
    REQUIRE(back_up(mined.file, at("link.db")));
    CHECK(fs::is_symlink(at("link.db")));
    CHECK(tasks_in(at("real.db")) == 1);

    std::ofstream(at("thesis.txt")) << std::string(1000, 't');
    const auto refused = back_up(mined.file, at("thesis.txt"));
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().detail, Catch::Contains("thesis.txt"));
    CHECK(fs::file_size(at("thesis.txt")) == 1000);
    std::ofstream(at("empty.db")).close();
    CHECK(back_up(mined.file, at("empty.db")));

    const auto device = back_up(mined.file, "/dev/null");
    REQUIRE(device.has_error());
    CHECK_THAT(device.error().detail, Catch::Contains("no plain file"));
    CHECK(fs::is_character_file("/dev/null"));
    for (const auto& entry : fs::directory_iterator(mined.folder.path()))
        CHECK(entry.path().string().find(".part") == std::string::npos);
}
