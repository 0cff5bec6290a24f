#include "generator/sample/flow_euler.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <vector>

using namespace generator;

TEST_CASE("a straight flow arrives exactly at the data") {
    const auto noise = at::randn({5}), data = at::randn({5});
    const auto end = integrate(
        [&](const at::Tensor&, int, bool) {
            return Velocities{noise - data, {}};
        },
        noise, {.steps = 7, .rescale_t = 3}, {});
    REQUIRE(end.has_value());
    CHECK(at::allclose(*end, data, 1e-5, 1e-6));
}

TEST_CASE("guidance pushes away from the velocity without condition") {
    std::vector<bool> asked;
    const auto flow = [&](const at::Tensor& x, int, bool guided) {
        asked.push_back(guided);
        return Velocities{at::full_like(x, 2), guided ? at::full_like(x, 1) : at::Tensor()};
    };
    // Two steps, t = 1 and 0.5; guided in the first alone: v = (1 + 3) 2 - 3 1 = 5, then 2.
    const auto end =
        integrate(flow, at::zeros({1}), {.steps = 2, .guidance = 3, .guided_from = 0.75}, {});
    CHECK(asked == std::vector<bool>{true, false});
    CHECK(end->item<float>() == Approx(-0.5 * 5 - 0.5 * 2));
}

TEST_CASE("a stop is seen before the next step") {
    std::stop_source stop;
    int steps = 0;
    const auto end = integrate(
        [&](const at::Tensor& x, int, bool) {
            if (++steps == 3) stop.request_stop();
            return Velocities{at::zeros_like(x), {}};
        },
        at::zeros({1}), {.steps = 10}, stop.get_token());
    CHECK_FALSE(end.has_value());
    CHECK(steps == 3);
}
