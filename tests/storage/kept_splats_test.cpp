#include "storage/kept_splats.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

using namespace storage;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Names = std::vector<KeptName>;

constexpr std::uint64_t kLargest = ~std::uint64_t(0);

// A database with so many tasks, of one attempt each.
struct Mined {
    explicit Mined(int tasks) {
        for (int i = 1; i <= tasks; ++i) {
            const auto id = std::to_string(i);
            const auto task = journal.pulled({"us", "them", id, "image", "p", 1}).value().row;
            REQUIRE(task == i);
            REQUIRE(journal.attempted(task, {.number = 1, .seed = kLargest}));
        }
    }

    tests::TemporaryFolder folder;
    std::unique_ptr<Database> database = Database::open(folder.path() / "miner.db").value();
    Journal journal{*database, "0.1", "hash", 0};
};

}  // namespace

TEST_CASE("splats of attempts are found by task, attempt and seed") {
    const tests::TemporaryFolder folder;
    KeptSplats kept(folder.path() / "candidates", 8);
    REQUIRE(kept.put({7, 2, kLargest}, Bytes{2}));
    REQUIRE(kept.put({7, 1, 5}, Bytes{1}));
    REQUIRE(kept.put({8, 1, 5}, Bytes{3}));
    CHECK(kept.of(7) == Names{{7, 1, 5}, {7, 2, kLargest}});
    CHECK(kept.get({7, 2, kLargest}).value() == Bytes{2});
    CHECK(kept.get({7, 2, 5}).error().code == Errc::missing);
    CHECK(kept.of(9).empty());
    // As another process finds them.
    CHECK(KeptSplats(folder.path() / "candidates", 8).of(7).size() == 2);
}

TEST_CASE("only the newest tasks have their splats kept") {
    const tests::TemporaryFolder folder;
    KeptSplats kept(folder.path(), 2);
    for (const TaskRow task : {9, 10, 11}) {
        REQUIRE(kept.put({task, 1, 0}, Bytes{1}));
        REQUIRE(kept.put({task, 2, 0}, Bytes{1}));
    }
    CHECK(kept.of(9).empty());
    CHECK(kept.of(10).size() == 2);
    CHECK(kept.of(11).size() == 2);
    // One that comes late has no place among them.
    REQUIRE(kept.put({9, 1, 0}, Bytes{1}));
    CHECK(kept.of(9).empty());
    CHECK(KeptSplats(folder.path(), 1).of(10).empty());
    KeptSplats none(folder.path(), 0);
    CHECK(none.of(11).empty());
    REQUIRE(none.put({12, 1, 0}, Bytes{1}));
    CHECK(none.of(12).empty());
}

TEST_CASE("splats of tasks that a restored database does not have make way for those to come") {
    const tests::TemporaryFolder folder;
    {
        KeptSplats before(folder.path(), 2);
        for (const TaskRow task : {10, 11}) REQUIRE(before.put({task, 1, kLargest}, Bytes{1}));
    }
    const Mined mined(4);
    KeptSplats kept(folder.path(), 2, mined.database.get());
    CHECK(kept.of(10).empty());
    CHECK(kept.of(11).empty());
    REQUIRE(kept.put({5, 1, 0}, Bytes{1}));
    CHECK(kept.of(5) == Names{{5, 1, 0}});
}

TEST_CASE("splats of a task whose row another has now are gone, and those of its own stay") {
    const tests::TemporaryFolder folder;
    {
        KeptSplats before(folder.path(), 2);
        for (const std::uint64_t seed : {std::uint64_t(7), kLargest})
            for (const int attempt : {1, 2}) REQUIRE(before.put({3, attempt, seed}, Bytes{1}));
        REQUIRE(before.put({4, 1, kLargest}, Bytes{1}));
    }
    const Mined mined(4);
    const KeptSplats kept(folder.path(), 2, mined.database.get());
    CHECK(kept.of(3) == Names{{3, 1, kLargest}});
    CHECK(kept.of(4) == Names{{4, 1, kLargest}});
}

TEST_CASE("splats stay where the database cannot tell whose they are") {
    const tests::TemporaryFolder folder;
    REQUIRE(KeptSplats(folder.path(), 2).put({3, 1, 7}, Bytes{1}));
    const Mined mined(4);
    SQLite::Database(mined.database->file().string(), SQLite::OPEN_READWRITE)
        .exec("ALTER TABLE attempts RENAME TO gone");
    CHECK(KeptSplats(folder.path(), 2, mined.database.get()).of(3).size() == 1);
}

TEST_CASE("of one task no more than so many are kept") {
    const tests::TemporaryFolder folder;
    KeptSplats kept(folder.path(), 1);
    for (int attempt = 1; attempt <= KeptSplats::kPerTask + 3; ++attempt)
        REQUIRE(kept.put({1, attempt, 0}, Bytes{1}));
    const auto names = kept.of(1);
    REQUIRE(int(names.size()) == KeptSplats::kPerTask);
    CHECK(names.back().attempt == KeptSplats::kPerTask);
}

TEST_CASE("other people's files among kept splats are left alone") {
    const tests::TemporaryFolder folder;
    for (const auto* name : {"notes.txt", "1.1.spz", "1.1.1.ply", "01.1.1.spz", "-1.1.1.spz.bak"})
        std::ofstream(folder.path() / name) << "x";
    KeptSplats kept(folder.path(), 1);
    REQUIRE(kept.put({2, 1, 0}, Bytes{1}));
    CHECK(kept.of(1).empty());
    for (const auto* name : {"notes.txt", "1.1.spz", "1.1.1.ply", "01.1.1.spz", "-1.1.1.spz.bak"})
        CHECK(std::filesystem::exists(folder.path() / name));
}

TEST_CASE("splats that cannot be kept are an error with its reason, and nothing is left of them") {
    const tests::TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    KeptSplats kept(folder.path() / "file", 1);
    CHECK_FALSE(kept.put({1, 1, 0}, Bytes{1}));
    CHECK(kept.of(1).empty());
    CHECK(kept.get({1, 1, 0}).error().code == Errc::missing);
}

TEST_CASE("what was half-written when the miner ended is swept away") {
    const tests::TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "tmp");
    std::ofstream(folder.path() / "tmp" / "half") << "x";
    const KeptSplats kept(folder.path(), 1);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "tmp"));
}
