#include "miner/mining/cooldowns.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using namespace std::chrono_literals;
using miner::cooldown_left;

namespace {

constexpr std::int64_t kNow = 1'800'000'000, kHour = 3600;

// Told at kNow by the validator's clock, which ours leads by so many seconds, to last 270 s.
storage::Contact told(std::int64_t lead) {
    storage::Contact contact;
    contact.cooldown_until = kNow + 270;
    contact.told_at = (kNow + lead) * 1000;
    contact.wait = 270'000;
    return contact;
}

// Seconds that are left so long afterwards, when our clock leads by so many seconds then.
std::int64_t left(const storage::Contact& contact, std::int64_t later, std::int64_t lead) {
    return cooldown_left(contact, (kNow + later + lead) * 1000).count() / 1000;
}

}  // namespace

TEST_CASE("what is left of a cool-down is counted by the date of whoever told it") {
    for (const auto ours_ms :
         {kNow * 1000, (kNow + kHour) * 1000, (kNow - kHour) * 1000, std::int64_t(0)})
        CHECK(cooldown_left(kNow + 270, kNow, ours_ms) == 270s);
    CHECK(cooldown_left(kNow, kNow, 0) == 0s);
    CHECK(cooldown_left(kNow - 1, kNow, 0) == 0s);
    CHECK(cooldown_left(0, kNow, 0) == 0s);
}

TEST_CASE("without a date ours is taken, to the millisecond") {
    CHECK(cooldown_left(kNow + 2, std::nullopt, kNow * 1000 + 1) == 1999ms);
    CHECK(cooldown_left(kNow + 2, std::nullopt, kNow * 1000 + 2001) == 0ms);
}

TEST_CASE("no number that a validator may say makes more than a day, or less than nothing") {
    using Limits = std::numeric_limits<std::int64_t>;
    for (const auto until : {Limits::min(), Limits::max(), std::int64_t(-1)})
        for (const auto date : {Limits::min(), std::int64_t(0), kNow, Limits::max()}) {
            const auto left = cooldown_left(until, date, kNow * 1000);
            CHECK(left >= 0ms);
            CHECK(left <= miner::kLongestCooldown);
        }
}

TEST_CASE("a cool-down of an earlier run is what is left of it, whichever clock was wrong") {
    for (const auto lead : {std::int64_t(0), std::int64_t(3), kHour, -kHour}) {
        CAPTURE(lead);
        CHECK(left(told(lead), 0, lead) == 270);
        CHECK(left(told(lead), 0, 0) == 270);  // set right meanwhile
    }
    CHECK(left(told(kHour), 100, kHour) == 170);
    CHECK(left(told(0), 100, 0) == 170);
    CHECK(left(told(0), 300, 0) == 0);
    CHECK(left(told(kHour), 300, kHour) == 0);
    // Ours was told to be in the future, so it was set back since: theirs alone counts.
    CHECK(left(told(kHour), 100, 0) == 170);
    CHECK(left(told(kHour), 300, 0) == 0);
    // As older versions kept it.
    auto old = told(0);
    old.told_at.reset();
    old.wait = 0;
    CHECK(left(old, 100, 0) == 170);
}

TEST_CASE("a cool-down of years ends a day after it was told, however often the miner starts") {
    auto endless = told(0);
    endless.cooldown_until = kNow + 10 * 365 * 24 * kHour;
    endless.wait = std::chrono::milliseconds(miner::kLongestCooldown).count();
    CHECK(left(endless, kHour, 0) == 23 * kHour);
    CHECK(left(endless, 25 * kHour, 0) == 0);
    // The same of a clock that is a year ahead of ours.
    auto ahead = told(0);
    ahead.cooldown_until += 365 * 24 * kHour;
    CHECK(left(ahead, 100, 0) == 170);
    CHECK(left(ahead, 300, 0) == 0);
}
