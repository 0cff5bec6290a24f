#include "generator/kernels/conv3d.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

TEST_CASE("a dense convolution equals the library's, for few channels and many") {
    struct Size {
        std::int64_t batch, in, out, x, y, z;
    };
    const auto s = GENERATE(Size{1, 3, 5, 4, 4, 4}, Size{1, 16, 1, 5, 3, 7},
                            Size{2, 33, 20, 6, 6, 6}, Size{1, 64, 8, 1, 1, 1});
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    const auto x = at::randn({s.batch, s.in, s.x, s.y, s.z}).to(dtype);
    const auto kernel = at::randn({s.out, s.in, 3, 3, 3}).to(dtype),
               bias = at::randn({s.out}).to(dtype);
    const auto weight = kernel.permute({2, 3, 4, 1, 0}).reshape({27 * s.in, s.out});
    const auto y = generator::conv3d(x.contiguous(at::MemoryFormat::ChannelsLast3d), weight, bias);
    CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast3d));
    const auto want =
        at::conv3d(x.to(at::kFloat), kernel.to(at::kFloat), bias.to(at::kFloat), 1, 1);
    const double tolerance = dtype == at::kFloat ? 1e-4 : 2e-1;
    CHECK(at::allclose(y.to(at::kFloat), want, tolerance, tolerance));
}

TEST_CASE("a grid that is not channels-last throws") {
    CHECK_THROWS_AS(
        generator::conv3d(at::randn({1, 4, 5, 5, 5}), at::randn({108, 2}), at::randn({2})),
        c10::Error);
}
