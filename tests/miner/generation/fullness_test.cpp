// Refusals of a backend, with a clock that a test turns.
#include "miner/generation/fullness.hpp"

#include "tests/support/catch.hpp"

using miner::Fullness;
using namespace std::chrono_literals;

namespace {

const Fullness::Time kStart{std::chrono::hours(1)};

}  // namespace

TEST_CASE(
    "a backend that refuses has no room for as long as it says, or until it says that it has") {
    Fullness fullness(30s);
    CHECK(fullness.has_room(kStart));
    fullness.refused(kStart, kStart + 5s);
    CHECK_FALSE(fullness.has_room(kStart + 4s));
    CHECK(fullness.has_room(kStart + 5s));
    fullness.refused(kStart + 5s, kStart + 300s);
    fullness.made_one();  // which says nothing of the next
    CHECK_FALSE(fullness.has_room(kStart + 6s));
    fullness.over();
    CHECK(fullness.has_room(kStart + 6s));
}

TEST_CASE("a backend is full for long when one refusal follows the other for so long") {
    Fullness fullness(30s);
    CHECK_FALSE(fullness.is_long(kStart));
    for (auto at = 0s; at < 30s; at += 5s) {
        fullness.refused(kStart + at, kStart + at + 5s);
        CHECK_FALSE(fullness.is_long(kStart + at));
    }
    CHECK(fullness.is_long(kStart + 30s));
    SECTION("one whom nobody asks any more may have room again") {
        CHECK(fullness.is_long(kStart + 59s));
        CHECK_FALSE(fullness.is_long(kStart + 60s));
        fullness.refused(kStart + 70s, kStart + 75s);
        CHECK_FALSE(fullness.is_long(kStart + 70s));
        CHECK(fullness.is_long(kStart + 100s));
    }
    SECTION("one that made what it was given is not full for long") {
        fullness.made_one();
        CHECK_FALSE(fullness.is_long(kStart + 31s));
        fullness.refused(kStart + 31s, kStart + 36s);
        CHECK_FALSE(fullness.is_long(kStart + 60s));
    }
    SECTION("one that has room is not full") {
        fullness.over();
        CHECK_FALSE(fullness.is_long(kStart + 31s));
    }
}

TEST_CASE("refusals beside one another are one round") {
    Fullness fullness(30s);
    CHECK(fullness.rounds() == 0);
    fullness.refused(kStart, kStart + 1s);
    fullness.refused(kStart, kStart + 1s);
    CHECK(fullness.rounds() == 1);
    fullness.refused(kStart + 1s, kStart + 2s);
    CHECK(fullness.rounds() == 2);
    SECTION("until it makes one") {
        fullness.made_one();
        CHECK(fullness.rounds() == 0);
    }
    SECTION("or nobody asks for long") {
        fullness.refused(kStart + 40s, kStart + 41s);
        CHECK(fullness.rounds() == 1);
    }
}
