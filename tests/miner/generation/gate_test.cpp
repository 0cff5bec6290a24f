#include "miner/generation/gate.hpp"

#include "tests/support/catch.hpp"

using miner::GateVerdict;
using miner::judge;

TEST_CASE("an attempt at the gate passes at once") {
    const auto decision = judge({150'000}, {});
    CHECK(decision.verdict == GateVerdict::passed);
    CHECK(decision.attempt == 0);
}

TEST_CASE("retries with extreme enhancement when the structure is sparse") {
    const auto decision = judge({149'999}, {});
    CHECK(decision.verdict == GateVerdict::retry);
    CHECK(decision.attempt == -1);
}

TEST_CASE("a retry that reaches the gate is used") {
    const auto decision = judge({57'000, 150'000}, {});
    CHECK(decision.verdict == GateVerdict::retry_passed);
    CHECK(decision.attempt == 1);
}

TEST_CASE("a retry that is better but sparse is used when it is above the floor") {
    CHECK(judge({57'000, 97'000}, {}).verdict == GateVerdict::retry_improved);
    CHECK(judge({57'000, 97'000}, {}).attempt == 1);
    CHECK(judge({5'000, 7'000}, {}).verdict == GateVerdict::retry_improved);
    CHECK(judge({5'000, 6'999}, {}).verdict == GateVerdict::rejected);
}

TEST_CASE("a retry that is no better leads to nothing") {
    CHECK(judge({97'000, 97'000}, {}).verdict == GateVerdict::rejected);
    CHECK(judge({97'000, 57'000}, {}).verdict == GateVerdict::rejected);
}

TEST_CASE("a failed attempt counts as the worst") {
    CHECK(judge({-1}, {}).verdict == GateVerdict::retry);
    CHECK(judge({-1, 160'000}, {}).attempt == 1);
    CHECK(judge({-1, -1}, {}).verdict == GateVerdict::rejected);
}

TEST_CASE("attempts, gate and floor are settings") {
    config::Gate gate;
    gate.attempts = 1;
    CHECK(judge({149'999}, gate).verdict == GateVerdict::rejected);
    gate.attempts = 3;
    CHECK(judge({10, 20}, gate).verdict == GateVerdict::retry);
    gate.min_gaussians = 30;
    gate.floor = 5;
    CHECK(judge({10, 20, 25}, gate).verdict == GateVerdict::retry_improved);
    CHECK(judge({10, 25, 20}, gate).attempt == 1);
}

TEST_CASE("splats are fit unless they break a limit, which is named") {
    generator::SplatHealth health;
    health.invisible = 0.5;
    health.opacity_spread = 0.02;
    health.non_finite = 0.1;
    health.identity_rotations = 0.3;
    health.extent = {0.1, 0.6, 0.2};
    CHECK(miner::unhealthy(health, {}).empty());

    const auto fault = [&](double config::Gate::*limit, double value) {
        config::Gate gate;
        gate.*limit = value;
        return miner::unhealthy(health, gate);
    };
    using config::Gate;
    CHECK(fault(&Gate::max_invisible, 0.5).empty());
    CHECK(fault(&Gate::max_invisible, 0.49) ==
          "50.0 % of the opacities are below 0.001, gate.max_invisible is 0.49");
    CHECK(fault(&Gate::min_opacity_spread, 0.02).empty());
    CHECK(fault(&Gate::min_opacity_spread, 0.03) ==
          "the opacities spread by 0.0200, gate.min_opacity_spread is 0.03");
    CHECK(fault(&Gate::max_non_finite, 0.1).empty());
    CHECK(fault(&Gate::max_non_finite, 0) ==
          "10.0 % of the Gaussians are not finite, gate.max_non_finite is 0");
    CHECK(fault(&Gate::max_identity_rotations, 0.3).empty());
    CHECK(fault(&Gate::max_identity_rotations, 0.2) ==
          "30.0 % of the Gaussians are not turned, gate.max_identity_rotations is 0.2");
    CHECK(fault(&Gate::min_extent, 0.6).empty());
    CHECK(fault(&Gate::min_extent, 0.7) == "the largest side is 0.600, gate.min_extent is 0.7");
}
