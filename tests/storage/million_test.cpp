#include "tests/storage/million.hpp"
#include "storage/database.hpp"
#include "storage/report.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <iostream>
#include <utility>

using namespace storage;

TEST_CASE("statistics over a million tasks are quick", "[slow]") {
    const tests::TemporaryFolder folder;
    auto database = Database::open(folder.path() / "miner.db");
    REQUIRE(database);
    tests::fill((*database)->handle(), 1'000'000);
    const auto timed = [&](const char* what, const Span& span) {
        const auto begun = std::chrono::steady_clock::now();
        const auto got = statistics(**database, span);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        REQUIRE(got);
        std::cout << what << ": " << got->all.generations << " generations in " << took.count()
                  << " s\n";
        return std::pair(got->all.generations, took.count());
    };
    const auto [newest, newest_took] = timed("newest 100", {});
    CHECK(newest == 100);
    CHECK(newest_took < 0.5);
    const auto [all, all_took] = timed("all", {.last = 0});
    CHECK(all > 900'000);
    CHECK(all_took < 20);  // about two seconds; the limit leaves room for sanitizers and neighbours
    CHECK(timed("one hotkey", {.last = 0, .hotkeys = {"5Hotkey1"}}).first > 300'000);
    CHECK(timed("newest 100 of one hotkey", {.last = 100, .hotkeys = {"5Hotkey1"}}).first == 100);
}
