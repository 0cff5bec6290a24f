#include "generator/kernels/gather_sum.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using generator::gather_sum;

TEST_CASE("sums of slices named by a table equal the definition, absent ones being nothing") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    struct Size {
        std::int64_t batch, sources, rows, fan, out;
    };
    const auto s = GENERATE(Size{1, 4, 1, 3, 5}, Size{2, 40, 200, 27, 16}, Size{1, 7, 90, 27, 33},
                            Size{2, 40, 75, 27, 48}, Size{1, 9, 10, 65, 16});
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16, at::kHalf);
    const auto x = at::randn({s.batch, s.sources, s.fan * s.out}).to(dtype);
    const auto table = at::randint(s.sources + 1, {s.rows, s.fan}, at::kLong);
    const auto bias = at::randn({s.out}).to(dtype);
    const auto y = gather_sum(x, table, bias);
    auto want = bias.to(at::kFloat).expand({s.batch, s.rows, s.out}).clone();
    for (std::int64_t k = 0; k < s.fan; ++k) {
        const auto slice =
            at::constant_pad_nd(x.to(at::kFloat).narrow(2, k * s.out, s.out), {0, 0, 0, 1});
        want += slice.index_select(1, table.select(1, k));
    }
    const double tolerance = dtype == at::kFloat ? 1e-5 : dtype == at::kHalf ? 1e-3 : 1e-2;
    CHECK(y.scalar_type() == dtype);
    CHECK(at::allclose(y.to(at::kFloat), want, tolerance, tolerance));
}

TEST_CASE("slices that do not fit the bias throw") {
    CHECK_THROWS_AS(gather_sum(at::randn({1, 3, 10}), at::zeros({2, 3}, at::kLong), at::randn({4})),
                    c10::Error);
}
