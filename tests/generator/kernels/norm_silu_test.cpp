#include "generator/kernels/norm_silu.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

TEST_CASE("a norm and its activation equal the definition") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto width = GENERATE(1, 32, 48, 100);
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

TEST_CASE("far from zero the activation is what goes in, or nothing, and never not a number") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto one = at::ones({64}), far = at::full({64}, 1000.F);
    const auto x = at::randn({5, 64});
    CHECK(at::allclose(generator::norm_silu(x, one, far, 1e-5),
                       at::layer_norm(x, {64}, one, far, 1e-5), 1e-5, 1e-5));
    const auto nothing = generator::norm_silu(x, one, -far, 1e-5);
    CHECK(nothing.abs().max().item<double>() < 1e-30);
}

TEST_CASE("a norm's factors of another width or type throw") {
    const auto x = at::randn({4, 8}), eight = at::randn({8});
    CHECK_THROWS_AS(generator::norm_silu(x, at::randn({7}), at::randn({7}), 1e-5), c10::Error);
    CHECK_THROWS_AS(generator::norm_silu(x, eight, at::randn({7}), 1e-5), c10::Error);
    CHECK_THROWS_AS(generator::norm_silu(x, eight.to(at::kHalf), eight, 1e-5), c10::Error);
}
