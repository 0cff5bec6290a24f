#include "generator/kernels/linear.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace {

bool has_registers_for(at::ScalarType dtype) {
    return dtype == at::kFloat ? generator::lanes::has_fp32() : generator::lanes::has_bf16();
}

}  // namespace

TEST_CASE("a product with a weight laid out beforehand equals the library's, with gelu, too") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
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
    const auto bent = generator::packed_linear_gelu(x, packed, b);
    CHECK(at::allclose(bent.to(at::kDouble), at::gelu(want, "tanh"), tolerance, tolerance));
}

TEST_CASE("gelu after a product is right far out, too") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    const auto weight = at::stack({at::ones({32}), at::zeros({32})}, 1).to(dtype);
    const auto packed = generator::pack_linear(weight);
    REQUIRE(packed.defined() == has_registers_for(dtype));
    if (!packed.defined()) return;
    const auto ends = at::tensor({-1e30F, -200.F, -1e-30F, 0.F, 200.F, 1e9F}).to(dtype);
    const auto x = at::stack({ends, at::zeros_like(ends)}, 1);
    const auto y = generator::packed_linear_gelu(x, packed, at::zeros({32}).to(dtype));
    const auto limits = at::gelu(ends.to(at::kFloat), "tanh").unsqueeze(1).expand({-1, 32});
    CHECK(at::allclose(y.to(at::kFloat), limits, 8e-3, 1e-20));
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
