#include "generator/parallel.hpp"

#include "tests/support/catch.hpp"

#include <atomic>
#include <new>
#include <numeric>
#include <set>
#include <thread>

using generator::Team;

TEST_CASE("every piece of every round is worked on once, by any number of threads") {
    for (const int threads : {1, 2, 7}) {
        Team team(threads);
        for (const std::size_t count : {0U, 1U, 3U, 1000U}) {
            INFO(threads << " threads, " << count << " pieces");
            std::vector<std::atomic<int>> times(count);
            team.run(count, [&](std::size_t i) { ++times[i]; });
            for (const auto& each : times) REQUIRE(each == 1);
        }
    }
}

TEST_CASE("a round sees all that the round before it has written") {
    Team team(3);
    std::vector<std::size_t> values(500);
    for (std::size_t round = 0; round < 100; ++round) {
        team.run(values.size(), [&](std::size_t i) {
            // From another piece, which another thread may have written.
            const auto other = values.size() - 1 - i;
            if (i < other) std::swap(values[i], values[other]);
        });
        team.run(values.size(), [&](std::size_t i) { ++values[i]; });
        REQUIRE(std::accumulate(values.begin(), values.end(), std::size_t(0)) ==
                (round + 1) * values.size());
    }
}

TEST_CASE("two pieces that wait for one another are worked on by two threads") {
    std::atomic<int> here = 0;
    std::atomic<bool> met = false;
    Team team(2);
    team.run(2, [&](std::size_t) {
        ++here;
        while (here < 2) std::this_thread::yield();
        met = true;
    });
    CHECK(met);
}

TEST_CASE("what a piece throws reaches the caller, and the team works on") {
    for (const int threads : {1, 4}) {
        Team team(threads);
        for (int round = 0; round < 20; ++round) {
            CHECK_THROWS_AS(team.run(100,
                                     [](std::size_t i) {
                                         if (i % 7 == 3) throw std::bad_alloc();
                                     }),
                            std::bad_alloc);
            std::atomic<int> done = 0;
            team.run(100, [&](std::size_t) { ++done; });
            CHECK(done == 100);
        }
    }
}

TEST_CASE("a team that never works ends") {
    const Team team(4);
    CHECK(generator::threads_for(3) == 3);
    CHECK(generator::threads_for(1000) == 16);
    CHECK(generator::threads_for(0) >= 1);
}
