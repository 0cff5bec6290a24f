#include "generator/sample/schedule.hpp"

#include "tests/support/catch.hpp"

using generator::SamplerSettings;
using generator::timesteps;

TEST_CASE("times run from one to zero without a gap, warped towards noise") {
    const auto steps = timesteps({.steps = 12, .rescale_t = 3});
    REQUIRE(steps.size() == 12);
    CHECK(steps.front().t == 1);
    CHECK(steps.back().t_next == 0);
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
        CHECK(steps[i].t_next == steps[i + 1].t);
        CHECK(steps[i].t > steps[i].t_next);
    }
    CHECK(steps[6].t == Approx(0.75).epsilon(1e-12));  // 3 * 0.5 / (1 + 2 * 0.5)
}

TEST_CASE("guidance applies inside its interval, both ends included") {
    // t = 1, 0.9, 0.75, 0.5: the last lies on the edge to the bit.
    const auto steps = timesteps(
        {.steps = 4, .guidance = 7.5, .guided_from = 0.5, .guided_to = 0.95, .rescale_t = 3});
    REQUIRE(steps[3].t == 0.5);
    CHECK_FALSE(steps[0].guided);
    CHECK(steps[1].guided);
    CHECK(steps[2].guided);
    CHECK(steps[3].guided);
}

TEST_CASE("guidance of strength zero costs nothing") {
    for (const auto& step : timesteps({.steps = 6, .guidance = 0})) CHECK_FALSE(step.guided);
}

TEST_CASE("one step goes all the way") {
    const auto steps = timesteps({.steps = 1, .rescale_t = 3});
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].t == 1);
    CHECK(steps[0].t_next == 0);
}
