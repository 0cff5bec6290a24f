#include "generator/kernels/gated_add.hpp"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

using generator::gated_add_;

TEST_CASE("a gated residual of every type is added in place") {
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16, at::kHalf);
    const auto x = at::randn({2, 7, 24}).to(dtype), y = at::randn({2, 7, 24}).to(dtype),
               gate = at::randn({24}).to(dtype);
    const auto want = x.to(at::kFloat) + gate.to(at::kFloat) * y.to(at::kFloat);
    gated_add_(x, gate, y);
    const double tolerance = dtype == at::kFloat ? 1e-5 : dtype == at::kHalf ? 1e-3 : 1e-2;
    CHECK(at::allclose(x.to(at::kFloat), want, tolerance, tolerance));
}

TEST_CASE("what does not fit together throws and adds nothing") {
    const auto x = at::zeros({5, 8});
    CHECK_THROWS_AS(gated_add_(x, at::ones({4}), at::ones({5, 8})), c10::Error);
    CHECK_THROWS_AS(gated_add_(x, at::ones({8}), at::ones({4, 8})), c10::Error);
    CHECK_THROWS_AS(gated_add_(x, at::ones({8}), at::ones({8, 5}).t()), c10::Error);
    CHECK_THROWS_AS(gated_add_(x, at::ones({8}).to(at::kHalf), at::ones({5, 8})), c10::Error);
    CHECK(x.equal(at::zeros({5, 8})));
}
