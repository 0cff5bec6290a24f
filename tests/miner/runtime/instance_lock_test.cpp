#include "miner/runtime/instance_lock.hpp"

#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>

using miner::InstanceLock;
namespace fs = std::filesystem;

TEST_CASE("a lock is held by one at a time, and let go of with the object") {
    const tests::TemporaryFolder folder;
    const auto path = folder.path() / "new";
    {
        const auto lock = InstanceLock::take(path);
        REQUIRE(lock.has_value());
        const auto second = InstanceLock::take(path);
        REQUIRE(second.has_error());
        CHECK(second.error().code == boost::system::errc::device_or_resource_busy);
        CHECK(InstanceLock::take(path, "another.lock").has_value());
    }
    CHECK(InstanceLock::take(path).has_value());
}

TEST_CASE("a lock that root makes in the folder of a service can be taken by the service") {
    const tests::TemporaryFolder folder;
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    REQUIRE(InstanceLock::take(folder.path()).has_value());
    CHECK(tests::is_of_nobody(folder.path() / "miner.lock"));
    CHECK(tests::unprivileged([&] { return InstanceLock::take(folder.path()) ? 0 : 1; }) == 0);
}

TEST_CASE("what a lock's name leads to already is given to nobody") {
    const tests::TemporaryFolder folder, elsewhere;
    const auto file = elsewhere.path() / "file";
    std::ofstream(file) << "of root";
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    fs::create_symlink(file, folder.path() / "miner.lock");
    REQUIRE(InstanceLock::take(folder.path()).has_value());
    CHECK_FALSE(tests::is_of_nobody(file));
}
