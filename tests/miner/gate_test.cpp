#include "miner/gate.hpp"

#include <catch2/catch.hpp>

using miner::judge;
using miner::Verdict;

TEST_CASE("an attempt at the gate passes at once") {
    const auto decision = judge({150'000}, {});
    CHECK(decision.verdict == Verdict::passed);
    CHECK(decision.attempt == 0);
}

TEST_CASE("retries with extreme enhancement when the sketch is sparse") {
    const auto decision = judge({149'999}, {});
    CHECK(decision.verdict == Verdict::retry);
    CHECK(decision.attempt == -1);
}

TEST_CASE("a retry that reaches the gate is used") {
    const auto decision = judge({57'000, 150'000}, {});
    CHECK(decision.verdict == Verdict::retry_passed);
    CHECK(decision.attempt == 1);
}

TEST_CASE("a retry that is better but sparse is used when it is above the floor") {
    CHECK(judge({57'000, 97'000}, {}).verdict == Verdict::retry_improved);
    CHECK(judge({57'000, 97'000}, {}).attempt == 1);
    CHECK(judge({5'000, 7'000}, {}).verdict == Verdict::retry_improved);
    CHECK(judge({5'000, 6'999}, {}).verdict == Verdict::rejected);
}

TEST_CASE("a retry that is no better leads to nothing") {
    CHECK(judge({97'000, 97'000}, {}).verdict == Verdict::rejected);
    CHECK(judge({97'000, 57'000}, {}).verdict == Verdict::rejected);
}

TEST_CASE("a failed attempt counts as the worst") {
    CHECK(judge({-1}, {}).verdict == Verdict::retry);
    CHECK(judge({-1, 160'000}, {}).attempt == 1);
    CHECK(judge({-1, -1}, {}).verdict == Verdict::rejected);
}

TEST_CASE("attempts, gate and floor are settings") {
    config::Gate gate;
    gate.attempts = 1;
    CHECK(judge({149'999}, gate).verdict == Verdict::rejected);
    gate.attempts = 3;
    CHECK(judge({10, 20}, gate).verdict == Verdict::retry);
    gate.min_gaussians = 30;
    gate.floor = 5;
    CHECK(judge({10, 20, 25}, gate).verdict == Verdict::retry_improved);
    CHECK(judge({10, 25, 20}, gate).attempt == 1);
}
