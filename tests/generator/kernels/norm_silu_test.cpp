#include "generator/kernels/norm_silu.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

TEST_CASE("a norm and its activation equal the definition") {
    const auto width = GENERATE(1, 32, 100);
    at::manual_seed(9);
    const auto x = at::randn({3, 7, width}) * 5 + 2, scale = at::randn({width}),
               shift = at::randn({width});
    const auto wide = x.to(at::kDouble);
    const auto mean = wide.mean(-1, true), off = wide - mean;
    const auto y = off / (off.square().mean(-1, true) + 1e-5).sqrt() * scale + shift;
    const auto got = generator::norm_silu(x, scale, shift, 1e-5);
    CHECK(got.sizes() == x.sizes());
    CHECK((got - y * y.sigmoid()).abs().max().item<double>() < 1e-5);
}

TEST_CASE("a norm's factors of another width or type throw") {
    const auto x = at::randn({4, 8}), eight = at::randn({8});
    CHECK_THROWS_AS(generator::norm_silu(x, at::randn({7}), at::randn({7}), 1e-5), c10::Error);
    CHECK_THROWS_AS(generator::norm_silu(x, eight, at::randn({7}), 1e-5), c10::Error);
    CHECK_THROWS_AS(generator::norm_silu(x, eight.to(at::kHalf), eight, 1e-5), c10::Error);
}
