#include "generator/kernels/gelu.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

TEST_CASE("gelu equals the library's, far out too, whatever the size") {
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    const auto count = GENERATE(0, 16, 33, 40000);
    at::manual_seed(1);
    auto x = (at::randn({count}) * 4).to(dtype);
    const auto want = at::gelu(x.to(at::kDouble), "tanh");
    generator::gelu_tanh_(x);
    const double tolerance = dtype == at::kFloat ? 1e-6 : 8e-3;
    CHECK(at::allclose(x.to(at::kDouble), want, tolerance, tolerance));

    auto ends = at::tensor({-1e30F, -200.F, -1e-30F, 0.F, 200.F, 1e9F}).to(dtype).repeat(16);
    const auto limits = at::gelu(ends.to(at::kFloat), "tanh");
    generator::gelu_tanh_(ends);
    CHECK(at::allclose(ends.to(at::kFloat), limits, 8e-3, 1e-20));
}
