#include "network/backoff.hpp"

#include <catch2/catch.hpp>

using network::Backoff;
using namespace std::chrono_literals;

namespace {
constexpr double kNoJitter = 0.5;
}

TEST_CASE("a delay doubles with each failure in a row, up to the longest") {
    Backoff backoff({.first = 500ms, .longest = 3s});
    CHECK(backoff.after_failure(kNoJitter) == 500ms);
    CHECK(backoff.after_failure(kNoJitter) == 1s);
    CHECK(backoff.after_failure(kNoJitter) == 2s);
    CHECK(backoff.after_failure(kNoJitter) == 3s);
    CHECK(backoff.after_failure(kNoJitter) == 3s);
}

TEST_CASE("a success forgets all failures") {
    Backoff backoff({.first = 500ms});
    backoff.after_failure(kNoJitter);
    backoff.after_failure(kNoJitter);
    backoff.after_success();
    CHECK(backoff.after_failure(kNoJitter) == 500ms);
}

TEST_CASE("jitter spreads delays evenly about the nominal one") {
    Backoff backoff({.first = 1s, .jitter = 0.2});
    CHECK(backoff.after_failure(0.0) == 800ms);
    backoff.after_success();
    CHECK(backoff.after_failure(0.999999) <= 1200ms);
}

TEST_CASE("a year of failures does not overflow") {
    Backoff backoff({.first = 500ms, .longest = 60s});
    for (int i = 0; i < 1'000'000; ++i) backoff.after_failure(kNoJitter);
    CHECK(backoff.after_failure(kNoJitter) == 60s);
}
