#include "generator/kernels/linear.hpp"

#include "generator/kernels/wide.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace {

bool has_registers_for(at::ScalarType dtype) {
    return dtype == at::kFloat ? generator::wide::has_fp32() : generator::wide::has_bf16();
}

}  // namespace

TEST_CASE("a product with a weight laid out beforehand equals the library's") {
    struct Size {
        std::int64_t rows, in, out;
    };
    const auto s = GENERATE(Size{1, 2, 32}, Size{100, 64, 96}, Size{193, 256, 128},
                            Size{7, 1024, 64}, Size{20, 1542, 32}, Size{0, 16, 32});
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    at::manual_seed(1);
    const auto x = at::randn({2, s.rows, s.in}).to(dtype),
               w = (at::randn({s.out, s.in}) / std::sqrt(double(s.in))).to(dtype),
               b = at::randn({s.out}).to(dtype);
    const auto packed = generator::pack_linear(w);
    REQUIRE(packed.defined() == has_registers_for(dtype));
    if (!packed.defined()) return;  // the library's is used on this processor
    const auto y = generator::packed_linear(x, packed, b);
    const auto want = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
    CHECK(y.sizes() == want.sizes());
    CHECK(y.scalar_type() == dtype);
    const double tolerance = dtype == at::kFloat ? 1e-5 : 1e-2;
    CHECK(at::allclose(y.to(at::kDouble), want, tolerance, tolerance));
}

TEST_CASE("a weight that fits no register stays as it is, and what does not fit it throws") {
    CHECK_FALSE(generator::pack_linear(at::randn({33, 16})).defined());
    CHECK_FALSE(generator::pack_linear(at::randn({32, 15})).defined());
    CHECK_FALSE(generator::pack_linear(at::randn({32, 16}).to(at::kHalf)).defined());
    const auto packed = generator::pack_linear(at::randn({32, 16}));
    REQUIRE(packed.defined() == has_registers_for(at::kFloat));
    if (!packed.defined()) return;
    const auto bias = at::zeros({32});
    CHECK_THROWS_AS(generator::packed_linear(at::randn({3, 15}), packed, bias), c10::Error);
    CHECK_THROWS_AS(generator::packed_linear(at::randn({3, 16}).to(at::kHalf), packed, bias),
                    c10::Error);
}
