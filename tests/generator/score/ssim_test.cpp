#include "generator/score/ssim.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

namespace {

// The definition, in double: one kernel, the border reflected.
at::Tensor by_definition(const at::Tensor& a, const at::Tensor& b) {
    const auto steps = at::arange(-5, 6, at::kDouble) / 1.5;
    auto weights = at::exp(-steps * steps / 2);
    weights = weights / weights.sum();
    const auto kernel = at::outer(weights, weights).expand({3, 1, 11, 11});
    const auto blur = [&](const at::Tensor& x) {
        return at::_convolution_mode(at::reflection_pad2d(x, {5, 5, 5, 5}), kernel, {}, {1, 1},
                                     "valid", {1, 1}, 3);
    };
    const at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
    const at::Tensor mx = blur(x), my = blur(y);
    const at::Tensor vx = (blur(x * x) - mx * mx).clamp_min(0);
    const at::Tensor vy = (blur(y * y) - my * my).clamp_min(0);
    const auto covariance = blur(x * y) - mx * my;
    const double c1 = 1e-4, c2 = 9e-4;
    return (((2 * mx * my + c1) * (2 * covariance + c2)) /
            ((mx * mx + my * my + c1) * (vx + vy + c2)))
        .mean({1, 2, 3});
}

at::Tensor indices(std::initializer_list<std::int64_t> values) {
    return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong);
}

}  // namespace

TEST_CASE("ssim is its definition, whatever the sides") {
    for (const auto& [height, width] : {std::pair(64, 64), {16, 77}, {331, 200}, {6, 6}}) {
        INFO(height << " x " << width);
        const auto pictures = at::rand({4, 3, height, width});
        pictures[1] = (pictures[0] + 0.1 * pictures[1]).clamp(0, 1);
        const auto a = indices({0, 1, 2, 3, 0}), b = indices({1, 2, 3, 0, 0});
        const auto got = generator::ssim(pictures, a, b);
        const auto want = by_definition(pictures.index_select(0, a), pictures.index_select(0, b));
        CHECK((got - want).abs().max().item<double>() < 1e-5);
    }
}

TEST_CASE("flat pictures are as alike as can be, white ones exactly") {
    for (const float colour : {0.0F, 0.2F, 0.5F, 0.9F, 1.0F}) {
        INFO(colour);
        const auto pictures = at::full({2, 3, 40, 40}, colour);
        const auto value = generator::ssim(pictures, indices({0}), indices({1})).item<float>();
        // A covariance is the difference of two numbers up to 1, a variance likewise but not below
        // 0: two or three roundings of 6e-8 beside a constant of 9e-4.
        CHECK(value == Approx(1).margin(6e-4));
        if (colour == 1) CHECK(value == 1);
    }
}
