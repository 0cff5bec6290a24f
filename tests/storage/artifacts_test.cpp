#include "storage/artifacts.hpp"

#include "config/digest.hpp"
#include "storage/errc.hpp"
#include "tests/storage/results.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/broken_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

using storage::Artifacts;
using storage::Errc;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes(const std::string& text, std::size_t size = 0) {
    Bytes result(text.begin(), text.end());
    result.resize(std::max(size, text.size()), 0x20);
    return result;
}

class Fixture {
public:
    Fixture() {
        fs::permissions(folder.path(), fs::perms(0777));
        reopen();
    }

    void reopen() {
        auto opened = Artifacts::open(assets);
        REQUIRE(opened);
        artifacts.emplace(std::move(*opened));
    }

    std::string put(const Bytes& content) {
        auto hash = artifacts->put(content);
        REQUIRE(hash);
        return *hash;
    }

    // An asset that was used last so many days ago.
    std::string put_aged(const std::string& text, int days, std::size_t size = 0) {
        const auto hash = put(bytes(text, size));
        fs::last_write_time(artifacts->path(hash),
                            fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
        return hash;
    }

    bool there(const std::string& hash) const { return fs::exists(artifacts->path(hash)); }

    std::size_t temporaries() const {
        return std::size_t(std::distance(fs::directory_iterator(assets / "tmp"), {}));
    }

    tests::TemporaryFolder folder;
    fs::path assets = folder.path() / "deep" / "assets";
    std::optional<Artifacts> artifacts;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an asset is named by its content and comes back as it was") {
    const auto content = bytes("splats");
    const auto hash = put(content);
    CHECK(hash == config::sha256(content));
    CHECK(artifacts->path(hash) == assets / hash.substr(0, 2) / hash);
    CHECK(*artifacts->get(hash) == content);
    CHECK(temporaries() == 0);
}

TEST_CASE_METHOD(Fixture, "nothing at all is an asset too") {
    CHECK(artifacts->get(put({}))->empty());
}

TEST_CASE_METHOD(Fixture, "the same bytes twice are one file, used anew") {
    const auto hash = put_aged("same", 10);
    CHECK(put(bytes("same")) == hash);
    CHECK(fs::last_write_time(artifacts->path(hash)) >
          fs::file_time_type::clock::now() - std::chrono::hours(1));
    CHECK(std::distance(fs::directory_iterator(artifacts->path(hash).parent_path()), {}) == 1);
}

TEST_CASE_METHOD(Fixture, "what was never kept is missing, and so is what is no hash") {
    for (const std::string& name :
         {std::string(64, '0'), std::string(64, 'A'), std::string(),
          std::string("../../etc/passwd"), std::string(63, '0') + "/", std::string(65, '0')}) {
        const auto got = artifacts->get(name);
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Errc::missing);
    }
    CHECK(artifacts->path("../../etc/passwd").empty());
}

TEST_CASE_METHOD(Fixture,
                 "an asset that changed on the disk is reported, and put again it is mended") {
    const auto content = bytes("splats", 5000);
    const auto hash = put(content);
    SECTION("a byte flipped") {
        std::fstream file(artifacts->path(hash), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(2500);
        file.put('x');
    }
    SECTION("cut short") { fs::resize_file(artifacts->path(hash), 4000); }
    SECTION("empty") { fs::resize_file(artifacts->path(hash), 0); }
    const auto got = artifacts->get(hash);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::corrupt);
    CHECK(put(content) == hash);
    CHECK(*artifacts->get(hash) == content);
}

TEST_CASE_METHOD(Fixture, "a folder in place of an asset is a failure, not an asset") {
    const auto hash = config::sha256(bytes("x"));
    fs::create_directories(artifacts->path(hash));
    CHECK(artifacts->get(hash).error().code == Errc::io);
    CHECK(artifacts->put(bytes("x")).error().code == Errc::io);
    CHECK(temporaries() == 0);
}

TEST_CASE_METHOD(Fixture, "what a kill left half-written is swept at the next start") {
    const auto hash = put(bytes("whole"));
    std::ofstream(assets / "tmp" / (std::string(64, 'b') + ".99.1")) << "half";
    const auto writing = assets / "tmp" / (std::string(64, 'c') + ".99.2");
    const int other = ::open(writing.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    REQUIRE(::flock(other, LOCK_EX) == 0);
    reopen();
    CHECK(temporaries() == 1);  // what another process writes right now
    CHECK(fs::exists(writing));
    ::close(other);
    reopen();
    CHECK(temporaries() == 0);
    CHECK(there(hash));
}

TEST_CASE("results that root keeps in the folder of a service are the service's") {
    const tests::TemporaryFolder folder;
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    const auto assets = folder.path() / "assets";
    auto artifacts = Artifacts::open(assets).value();
    const auto hash = artifacts.put(bytes("x")).value();
    for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
        CAPTURE(entry.path().string());
        CHECK(tests::is_of_nobody(entry.path()));
    }
    CHECK(tests::unprivileged([&] {
              auto opened = Artifacts::open(assets);
              return opened && opened->get(hash) && opened->put(bytes("y")) ? 0 : 1;
          }) == 0);
}

TEST_CASE_METHOD(Fixture, "pruning removes what is too old, and nothing that is kept") {
    const auto fresh = put_aged("fresh", 1), old = put_aged("old", 20), owed = put_aged("owed", 30);
    CHECK(*artifacts->prune(14, 20, {owed}) == 1);
    CHECK(there(fresh));
    CHECK_FALSE(there(old));
    CHECK(there(owed));
    CHECK(*artifacts->prune(14, 20, {owed}) == 0);
}

TEST_CASE_METHOD(Fixture, "a clock that is far ahead at the start makes nothing old") {
    const auto newest = put_aged("newest", 400), older = put_aged("older", 410);
    const auto old = put_aged("old", 420);
    CHECK(*artifacts->prune(14, 20, {}) == 1);
    CHECK((there(newest) && there(older)));
    CHECK_FALSE(there(old));
}

TEST_CASE_METHOD(Fixture, "a clock that is far ahead for a while makes nothing old") {
    const auto fresh = put_aged("fresh", 1), old = put_aged("old", 20);
    CHECK(*artifacts->prune(14, 20, {}) == 1);
    const auto ahead = fs::file_time_type::clock::now() + std::chrono::hours(24 * 400);
    const auto meanwhile = put(bytes("meanwhile"));
    fs::last_write_time(artifacts->path(meanwhile), ahead);
    CHECK(*artifacts->prune(14, 20, {}, ahead) == 0);
    CHECK(*artifacts->prune(14, 20, {}) == 0);
    CHECK((there(fresh) && there(meanwhile)));
    CHECK_FALSE(there(old));
    CHECK(*artifacts->prune(14, 0, {}, ahead) == 2);  // room is room
}

TEST_CASE_METHOD(Fixture,
                 "a clock that is behind at the start keeps nothing once it is set right") {
    const auto behind = fs::file_time_type::clock::now() - std::chrono::hours(24 * 400);
    // Before the first result and after it.
    const bool empty = GENERATE(true, false);
    if (empty) CHECK(*artifacts->prune(14, 20, {}, behind) == 0);
    const auto fresh = put(bytes("fresh")), old = put_aged("old", 20);
    if (!empty) CHECK(*artifacts->prune(14, 20, {}, behind) == 0);
    CHECK(*artifacts->prune(14, 20, {}) == 1);
    CHECK(there(fresh));
    CHECK_FALSE(there(old));
}

TEST_CASE_METHOD(Fixture, "pruning removes the oldest until the rest is small enough") {
    const auto a = put_aged("a", 5, 1000), b = put_aged("b", 4, 1000), c = put_aged("c", 3, 1000);
    const auto d = put_aged("d", 2, 1000);
    CHECK(*artifacts->prune(14, 2500e-9, {a}) == 2);  // a counts, but stays
    CHECK(there(a));
    CHECK_FALSE(there(b));
    CHECK_FALSE(there(c));
    CHECK(there(d));
    CHECK(*artifacts->prune(14, 0, {}) == 2);
}

TEST_CASE_METHOD(Fixture, "what everything is kept for stays, however large") {
    const auto a = put_aged("a", 50, 1000), b = put_aged("b", 40, 1000);
    CHECK(*artifacts->prune(0, 0, {a, b}) == 0);
    CHECK((there(a) && there(b)));
}

TEST_CASE_METHOD(Fixture, "a very long time is no overflow") {
    const auto a = put_aged("a", 50);
    CHECK(*artifacts->prune(2'000'000'000, 20, {}) == 0);
    CHECK(there(a));
}

TEST_CASE_METHOD(Fixture, "pruning leaves alone what it did not write") {
    put_aged("a", 50);
    std::ofstream(assets / "notes.txt") << "mine";
    fs::create_directories(assets / "ab");
    std::ofstream(assets / "ab" / "notes.txt") << "mine";
    std::ofstream(assets / "ab" / std::string(64, 'c')) << "on another shelf than its name says";
    CHECK(*artifacts->prune(0, 0, {}) == 1);
    CHECK(fs::exists(assets / "notes.txt"));
    CHECK(fs::exists(assets / "ab" / "notes.txt"));
    CHECK(fs::exists(assets / "ab" / std::string(64, 'c')));
}

TEST_CASE_METHOD(Fixture,
                 "a folder of assets that cannot be read to its end is an error, and no more") {
    put(bytes("fresh"));
    const auto a = put_aged("a", 50), b = put_aged("b", 40);
    const auto shelf = artifacts->path(a).parent_path();
    REQUIRE(shelf != artifacts->path(b).parent_path());
    for (const char* name : {"one", "two"}) std::ofstream(shelf / name) << "not ours";
    {
        const tests::BrokenFolder broken(assets);
        CHECK(artifacts->prune(2'000'000'000, 20, {}).error().code == Errc::io);
    }
    {
        const tests::BrokenFolder broken(shelf);
        CHECK(artifacts->prune(14, 20, {}).error().code == Errc::io);
    }
    CHECK_FALSE(there(b));  // what could be seen is gone
    CHECK(*artifacts->prune(14, 20, {}) <= 1);
    CHECK_FALSE(there(a));
}

TEST_CASE_METHOD(Fixture, "a folder of half-written assets that cannot be read keeps nobody") {
    for (const char name : {'b', 'c', 'd'})
        std::ofstream(assets / "tmp" / (std::string(64, name) + ".99.1")) << "half";
    {
        const tests::BrokenFolder broken(assets / "tmp");
        reopen();
    }
    CHECK(temporaries() == 2);
    reopen();
    CHECK(temporaries() == 0);
}

TEST_CASE_METHOD(Fixture, "a folder that vanished is made again") {
    fs::remove_all(assets);
    const auto hash = put(bytes("x"));
    CHECK(there(hash));
}

TEST_CASE_METHOD(Fixture, "a file in place of the folder of assets is refused") {
    std::ofstream(folder.path() / "file") << "x";
    const auto opened = Artifacts::open(folder.path() / "file");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::cannot_open);
}

TEST_CASE_METHOD(Fixture, "a folder of assets that may not be written is reported") {
    fs::permissions(assets, fs::perms(0555));
    fs::permissions(assets / "tmp", fs::perms(0555));
    CHECK(tests::unprivileged([&] {
              const auto opened = Artifacts::open(assets);
              if (opened || opened.error().code != Errc::read_only) return 1;
              const auto put = artifacts->put(bytes("x"));
              return !put && put.error().code == Errc::read_only ? 0 : 2;
          }) == 0);
    fs::permissions(assets, fs::perms(0755));
    fs::permissions(assets / "tmp", fs::perms(0755));
}

TEST_CASE_METHOD(Fixture, "a disk that fills up fails the asset and leaves nothing of it") {
    fs::permissions(assets, fs::perms(0777));
    fs::permissions(assets / "tmp", fs::perms(0777));
    const auto large = bytes("x", 100'000);
    CHECK(tests::unprivileged([&] {
              const rlimit limit{8192, 8192};
              ::signal(SIGXFSZ, SIG_IGN);
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const auto put = artifacts->put(large);
              return !put && put.error().code == Errc::full ? 0 : 2;
          }) == 0);
    CHECK(temporaries() == 0);
    CHECK(artifacts->get(config::sha256(large)).error().code == Errc::missing);
}
