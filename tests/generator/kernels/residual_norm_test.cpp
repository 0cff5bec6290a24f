#include "generator/kernels/residual_norm.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using generator::residual_norm_;

namespace {

at::Tensor wide(const at::Tensor& t) { return t.to(at::kFloat); }

bool near(const at::Tensor& got, const at::Tensor& want, at::ScalarType dtype) {
    const double tolerance = dtype == at::kFloat ? 1e-5 : dtype == at::kHalf ? 4e-3 : 3e-2;
    return got.scalar_type() == dtype && at::allclose(wide(got), want, tolerance, tolerance);
}

// By its definition.
at::Tensor norm_of(const at::Tensor& x, double eps) {
    const auto centred = x - x.mean(-1, true);
    return centred / (centred.square().mean(-1, true) + eps).sqrt();
}

}  // namespace

TEST_CASE("a residual of every type is added in place, and the sum's norm comes back modulated") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16, at::kHalf);
    at::manual_seed(1);
    const auto one = [&](at::IntArrayRef sizes) { return at::randn(sizes).to(dtype); };
    const auto width = GENERATE(24, 16, 64, 80);
    const auto x = one({2, 7, width}), y = one({2, 7, width}), gate = one({width}),
               scale = one({width}), shift = one({width});
    const auto sum = wide(x) + wide(gate) * wide(y);
    const auto normed = residual_norm_(x, {y, gate}, {scale, shift}, 1e-6);
    CHECK(near(x, sum, dtype));
    CHECK(near(normed, norm_of(wide(x), 1e-6) * wide(scale) + wide(shift), dtype));
}

TEST_CASE(
    "without gate and modulation it is a plain residual and norm, of one row for all if need be") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    at::manual_seed(2);
    const auto x = at::randn({3, 16}), y = at::randn({16});
    const auto sum = x + y;
    const auto into = at::empty({3, 16});
    const auto normed = residual_norm_(x, {y, {}}, {}, 0.5, into);
    CHECK(normed.is_same(into));
    CHECK(near(x, sum, at::kFloat));
    CHECK(near(into, norm_of(sum, 0.5), at::kFloat));
}

TEST_CASE("what does not fit together throws and adds nothing") {
    const auto x = at::zeros({5, 8}), y = at::ones({5, 8}), row = at::ones({8});
    CHECK_THROWS_AS(residual_norm_(x, {y, at::ones({4})}, {}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {at::ones({4, 8}), row}, {}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {at::ones({8, 5}).t(), row}, {}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {y, row.to(at::kHalf)}, {}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {{}, row}, {}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {y, row}, {row, {}}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {y, row}, {row, at::ones({4})}, 1e-6), c10::Error);
    CHECK_THROWS_AS(residual_norm_(x, {y, row}, {}, 1e-6, at::ones({5, 4})), c10::Error);
    CHECK(x.equal(at::zeros({5, 8})));
}
