#include "network/breaker.hpp"

#include "tests/support/catch.hpp"

using network::Breaker;
using namespace std::chrono_literals;

TEST_CASE("a service that fails again and again is left alone for a while") {
    Breaker breaker({.failures = 3, .pause = 60s});
    const Breaker::Clock::time_point start{};
    for (int i = 0; i < 2; ++i) breaker.failed(start);
    CHECK(breaker.allows(start));
    breaker.failed(start);
    CHECK_FALSE(breaker.allows(start));
    CHECK_FALSE(breaker.allows(start + 59s));
}

TEST_CASE("after the pause one request tries, and its outcome decides for all") {
    Breaker breaker({.failures = 1, .pause = 60s});
    const Breaker::Clock::time_point start{};
    breaker.failed(start);
    CHECK(breaker.allows(start + 60s));
    CHECK_FALSE(breaker.allows(start + 61s));
    SECTION("it fails: alone for another while") {
        breaker.failed(start + 62s);
        CHECK_FALSE(breaker.allows(start + 121s));
        CHECK(breaker.allows(start + 122s));
    }
    SECTION("it succeeds: as if nothing had been") {
        breaker.succeeded();
        CHECK(breaker.allows(start + 62s));
        CHECK(breaker.allows(start + 62s));
    }
    SECTION("it never tells: another may try") { CHECK(breaker.allows(start + 120s)); }
}

TEST_CASE("failures count only in a row") {
    Breaker breaker({.failures = 2, .pause = 60s});
    for (int i = 0; i < 5; ++i) {
        breaker.failed({});
        breaker.succeeded();
    }
    CHECK(breaker.allows({}));
}
