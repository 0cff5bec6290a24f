#include "miner/check/machine.hpp"

#include "generator/errc.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "storage/backup.hpp"
#include "storage/database.hpp"
#include "tests/storage/older_database.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

#include <sys/stat.h>

using miner::Finding;
using State = Finding::State;

namespace {

void add_key(const std::filesystem::path& root, const std::string& name, char digit) {
    const auto file = root / "default" / "hotkeys" / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << "{\"secretSeed\":\"" << std::string(64, digit) << "\"}";
    REQUIRE(::chmod(file.c_str(), 0600) == 0);
}

const Finding& about(const miner::Findings& findings, const std::string& what) {
    for (const auto& finding : findings)
        if (finding.what == what) return finding;
    throw std::invalid_argument("no finding about " + what);
}

}  // namespace

TEST_CASE("each hotkey is a finding; one that cannot be read says what to do") {
    const tests::TemporaryFolder folder;
    add_key(folder.path(), "a", '1');
    add_key(folder.path(), "copy", '1');
    config::Wallet wallet;
    wallet.path = folder.path().string();
    wallet.hotkeys = {"a", "copy", "absent"};
    std::vector<std::string> addresses;
    const auto findings = miner::check_hotkeys(wallet, network::ask_password(-1, false), addresses);
    REQUIRE(findings.size() == 3);
    CHECK(about(findings, "hotkey a").state == State::ok);
    CHECK(about(findings, "hotkey copy").state == State::fail);
    CHECK(about(findings, "hotkey absent").state == State::fail);
    for (const auto& finding : findings)
        CHECK(finding.remedy.empty() == (finding.state == State::ok));
    CHECK(addresses ==
          std::vector<std::string>{"5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi"});
}

TEST_CASE("a new storage folder is made, with its database") {
    const tests::TemporaryFolder folder;
    const auto storage = folder.path() / "new";
    config::Storage settings;
    settings.keep_gb = 0.1;
    const auto findings = miner::check_storage(storage, settings);
    CHECK(about(findings, "storage folder").state == State::ok);
    CHECK(about(findings, "database").state == State::ok);
    settings.keep_gb = 1e6;
    CHECK(about(miner::check_storage(storage, settings), "disk space").state != State::ok);
}

TEST_CASE("results that are there already need no room once more") {
    const tests::TemporaryFolder folder;
    const auto shelf = folder.path() / "assets" / "ab";
    std::filesystem::create_directories(shelf);
    const auto asset = shelf / ("ab" + std::string(62, '0'));
    std::ofstream(asset).flush();
    config::Storage settings;
    // Half a terabyte on either side: others write to this disk, too.
    settings.keep_gb = double(std::filesystem::space(folder.path()).available) / 1e9 + 500;
    const auto room = [&] {
        return about(miner::check_storage(folder.path(), settings), "disk space").state;
    };
    CHECK(room() == State::warn);
    std::filesystem::resize_file(asset, 1'000'000'000'000);  // of which the disk gives nothing
    CHECK(room() == State::ok);
}

TEST_CASE("what a check of root's makes in the folder of a service belongs to the service") {
    const tests::TemporaryFolder folder;
    const auto service = folder.path() / "service", data = service / "new";
    std::filesystem::create_directory(service);
    if (!tests::give_to_nobody(service)) {
        WARN("not tested: only root may give files away");
        return;
    }
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    CHECK(about(miner::check_storage(data, {}), "database").state == State::ok);
    CHECK(std::filesystem::exists(data / "miner.db"));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(service)) {
        CAPTURE(entry.path().string());
        CHECK(tests::is_of_nobody(entry.path()));
    }
    CHECK(tests::unprivileged([&] { return storage::Database::open(data / "miner.db") ? 0 : 1; }) ==
          0);
}

TEST_CASE("beside a running miner the folder is in use and the database only read") {
    const tests::TemporaryFolder folder;
    const auto lock = miner::InstanceLock::take(folder.path());
    REQUIRE(lock.has_value());
    const auto before = miner::check_storage(folder.path(), {});
    CHECK(about(before, "storage folder").state == State::warn);
    CHECK(about(before, "database").state == State::ok);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "miner.db"));
    REQUIRE(storage::Database::open(folder.path() / "miner.db").has_value());
    CHECK(about(miner::check_storage(folder.path(), {}), "database").state == State::ok);
}

TEST_CASE("a database of an older version stops nothing, and a look at it does not migrate it") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    tests::make_older_database(file);
    const auto look = [&] {
        const auto finding = about(miner::check_storage(folder.path(), {}), "database");
        CHECK(finding.state == State::ok);
        CHECK_THAT(finding.found, Catch::Contains("the next start brings it up to date"));
        CHECK(tests::Outsider(file).number("PRAGMA user_version") == tests::version_before());
    };
    look();
    const auto lock = miner::InstanceLock::take(folder.path());
    REQUIRE(lock.has_value());
    look();
}

TEST_CASE("a restore that was cut off is told of, and left to the next start") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    REQUIRE(storage::Database::open(folder.path() / "miner.db.restored").has_value());
    const auto look = [&](const char* words) {
        const auto finding = about(miner::check_storage(folder.path(), {}), "database");
        CHECK(finding.state == State::warn);
        CHECK_THAT(finding.found, Catch::Contains(words));
        CHECK(storage::is_half_restored(file));
        CHECK_FALSE(std::filesystem::exists(file));
    };
    look("was cut off");
    {
        const auto lock = miner::InstanceLock::take(folder.path());
        REQUIRE(lock.has_value());
        look("just being put back");
    }
    const auto database = storage::Database::open(file);
    REQUIRE(database.has_value());
    CHECK((*database)->finished_restore());
}

TEST_CASE("a folder that cannot be, and a database that is none, stop mining") {
    const tests::TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    const auto findings = miner::check_storage(folder.path() / "file", {});
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].state == State::fail);
    CHECK_THAT(findings[0].remedy, Catch::Contains("--storage.path"));
    std::ofstream(folder.path() / "miner.db") << std::string(8192, 'x');
    const auto broken = miner::check_storage(folder.path(), {});
    CHECK(about(broken, "database").state == State::fail);
    CHECK_THAT(about(broken, "database").remedy, Catch::Contains("miner.db"));
}

TEST_CASE("little memory is warned of, and hardly any stops mining") {
    CHECK(miner::check_memory(64'000'000'000).state == State::ok);
    CHECK(miner::check_memory(4'000'000'000).state == State::warn);
    CHECK(miner::check_memory(500'000'000).state == State::fail);
    CHECK(miner::check_memory(0).state == State::warn);
    CHECK(miner::free_memory() > 0);
}

TEST_CASE("the clock's source is told whatever the system says") {
    const auto finding = miner::check_clock_source();
    CHECK(finding.state != State::fail);
    CHECK_FALSE(finding.found.empty());
}
