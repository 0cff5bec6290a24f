#include "storage/backup.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "storage/listing.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>

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

TEST_CASE("a copy is put back, and what was there is kept") {
    Mined mined;
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    mined.pull("b");
    mined.stop();
    REQUIRE(restore(mined.copy, mined.file));
    CHECK(tasks_in(mined.file) == 1);
    CHECK(tasks_in(mined.file.string() + ".before-restore") == 2);
    CHECK(Database::open(mined.file).has_value());
}

TEST_CASE("a copy is restored where there is no database yet") {
    Mined mined;
    mined.pull("a");
    REQUIRE(back_up(mined.file, mined.copy));
    const auto elsewhere = mined.folder.path() / "new" / "miner.db";
    REQUIRE(restore(mined.copy, elsewhere));
    CHECK(tasks_in(elsewhere) == 1);
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
