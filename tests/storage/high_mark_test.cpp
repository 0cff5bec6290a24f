#include "storage/high_mark.hpp"

#include "storage/errc.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <limits>
#include <thread>
#include <vector>

using namespace storage;

TEST_CASE("a mark is what it was raised to, and never falls") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "mark";
    CHECK(read_mark(file).value() == std::nullopt);
    for (const std::int64_t value :
         {std::int64_t(0), std::int64_t(7), std::numeric_limits<std::int64_t>::max()}) {
        REQUIRE(raise_mark(file, value).has_value());
        CHECK(read_mark(file).value() == value);
    }
    REQUIRE(raise_mark(file, 8).has_value());
    CHECK(read_mark(file).value() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("a file that is not a mark counts as none, and is written over") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "mark";
    REQUIRE(raise_mark(file, 1'795'500'000'000'000'000).has_value());
    std::string good;
    {
        std::ifstream stream(file, std::ios::binary);
        good = {std::istreambuf_iterator<char>(stream), {}};
    }
    REQUIRE(good.size() == 16);
    auto flipped = good;
    flipped[3] ^= 1;
    for (const auto& content : {std::string(), good.substr(0, 15), good + "x", flipped,
                                std::string(16, '\0'), std::string(100, '9')}) {
        CAPTURE(content.size());
        std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
        CHECK(read_mark(file).value() == std::nullopt);
        REQUIRE(raise_mark(file, 5).has_value());
        CHECK(read_mark(file).value() == 5);
    }
}

TEST_CASE("of many who raise it at once, the highest counts") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "mark";
    std::vector<std::thread> threads;
    for (int first = 1; first <= 4; ++first)
        threads.emplace_back([&file, first] {
            for (int value = first; value <= 100; value += 4) (void)raise_mark(file, value);
        });
    for (auto& thread : threads) thread.join();
    CHECK(read_mark(file).value() == 100);
}

TEST_CASE("a mark that root keeps in the folder of a service can be raised by the service") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "mark";
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    REQUIRE(raise_mark(file, 1).has_value());
    CHECK(tests::unprivileged([&] { return raise_mark(file, 2) ? 0 : 1; }) == 0);
}

TEST_CASE("a mark that cannot be kept is an error that says why") {
    const tests::TemporaryFolder folder;
    CHECK(raise_mark(folder.path() / "no/such/folder", 1).error().code == Errc::io);
    CHECK(raise_mark(folder.path(), 1).error().detail.find(folder.path()) != std::string::npos);
}
