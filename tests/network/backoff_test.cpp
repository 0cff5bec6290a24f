#include "network/backoff.hpp"

#include "tests/support/catch.hpp"

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
    const auto delay = [](double random) {
        return Backoff({.first = 1s, .jitter = 0.2}).after_failure(random);
    };
    CHECK(delay(0.0) == 800ms);
    CHECK(delay(0.25) == 900ms);
    CHECK(delay(0.5) == 1000ms);
    CHECK(delay(0.75) == 1100ms);
    CHECK(delay(0.999999) == 1200ms);

    Backoff later({.first = 1s, .longest = 3s, .jitter = 0.5});
    later.after_failure(0.0);
    CHECK(later.after_failure(0.0) == 1s);       // of 2 s
    CHECK(later.after_failure(0.75) == 3750ms);  // about the longest, too
}

TEST_CASE("a year of failures does not overflow") {
    Backoff backoff({.first = 500ms, .longest = 60s});
    for (int i = 0; i < 1'000'000; ++i) backoff.after_failure(kNoJitter);
    CHECK(backoff.after_failure(kNoJitter) == 60s);
}
