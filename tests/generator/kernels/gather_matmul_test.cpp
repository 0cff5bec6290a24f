#include "generator/kernels/gather_matmul.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using generator::gather_matmul;

namespace {

// By the definition, one output row at a time.
at::Tensor by_definition(const at::Tensor& x, const at::Tensor& table, const at::Tensor& weight,
                         const at::Tensor& bias) {
    const auto padded = at::cat({x, at::zeros({x.size(0), 1, x.size(2)})}, 1);
    auto y = at::empty({x.size(0), table.size(0), weight.size(1)});
    for (std::int64_t b = 0; b < x.size(0); ++b) {
        for (std::int64_t n = 0; n < table.size(0); ++n) {
            y[b][n] = bias + at::mv(weight.t(), padded[b].index_select(0, table[n]).flatten());
        }
    }
    return y;
}

}  // namespace

TEST_CASE("rows named by a table times a matrix equal the definition, absent rows being zeros") {
    struct Size {
        std::int64_t batch, sources, rows, fan, in, out;
    };
    const auto s = GENERATE(Size{1, 4, 1, 3, 2, 5}, Size{2, 50, 300, 27, 8, 16},
                            Size{1, 9, 2000, 27, 130, 3}, Size{2, 50, 97, 27, 32, 32},
                            Size{1, 400, 103, 27, 130, 96}, Size{1, 70, 5, 27, 34, 64});
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    at::manual_seed(1);
    const auto x = at::randn({s.batch, s.sources, s.in});
    const auto table = at::randint(s.sources + 1, {s.rows, s.fan}, at::kLong);
    const auto weight = at::randn({s.fan * s.in, s.out}), bias = at::randn({s.out});
    CHECK(at::allclose(gather_matmul(x, table, weight, bias), by_definition(x, table, weight, bias),
                       1e-4, 1e-3));
}

TEST_CASE("in bf16 they equal what they are in fp32, but for the rounding of the result") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    at::manual_seed(1);
    const auto out = GENERATE(64, 96, 5);
    const auto half = [](const at::Tensor& t) { return t.to(at::kBFloat16); };
    const auto x = half(at::randn({2, 60, 32})), weight = half(at::randn({27 * 32, out}) / 16),
               bias = half(at::randn({out}));
    const auto table = at::randint(61, {131, 27}, at::kLong);
    const auto wide = [](const at::Tensor& t) { return t.to(at::kFloat); };
    const auto y = gather_matmul(x, table, weight, bias);
    CHECK(y.scalar_type() == at::kBFloat16);
    CHECK(
        at::allclose(wide(y), by_definition(wide(x), table, wide(weight), wide(bias)), 1e-2, 1e-2));
}

TEST_CASE("the bits do not depend on how often it is called") {
    const auto x = at::randn({1, 500, 32}), weight = at::randn({27 * 32, 32}),
               bias = at::randn({32});
    const auto table = at::randint(501, {3000, 27}, at::kLong);
    CHECK(gather_matmul(x, table, weight, bias).equal(gather_matmul(x, table, weight, bias)));
}

TEST_CASE("no rows give no rows, and what does not fit throws") {
    const auto x = at::randn({1, 5, 4}), weight = at::randn({12, 2}), bias = at::randn({2});
    CHECK(gather_matmul(x, at::empty({0, 3}, at::kLong), weight, bias).sizes() ==
          at::IntArrayRef({1, 0, 2}));
    CHECK_THROWS_AS(gather_matmul(x, at::zeros({5, 4}, at::kLong), weight, bias), c10::Error);
    CHECK_THROWS_AS(gather_matmul(x, at::zeros({5, 3}, at::kInt), weight, bias), c10::Error);
    CHECK_THROWS_AS(gather_matmul(x.transpose(1, 2), at::zeros({5, 3}, at::kLong), weight, bias),
                    c10::Error);
}
