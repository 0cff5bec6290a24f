#include "generator/score/ssim.hpp"

#include "generator/kernels/parallel.hpp"
#include "generator/score/blur.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kDeviation = 1.5;
constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
constexpr std::int64_t kValuesAtOnce = std::int64_t(4) << 20;  // of pictures

BlurWeights gaussian() {
    BlurWeights weights{};
    float sum = 0;
    for (int i = -kBlurRadius; i <= kBlurRadius; ++i) {
        const auto at = float(i / kDeviation);
        sum += weights[std::size_t(i + kBlurRadius)] = std::exp(-at * at / 2);
    }
    for (float& weight : weights) weight /= sum;
    return weights;
}

at::Tensor blurred_on_cpu(const at::Tensor& x) {
    static const auto kWeights = gaussian();
    const auto input = x.contiguous();
    auto out = at::empty_like(input);
    const auto height = x.size(2), width = x.size(3), plane = height * width;
    const auto* const from = input.const_data_ptr<float>();
    auto* const to = out.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0) * x.size(1), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i)
            blur_plane(from + i * plane, height, width, kWeights, to + i * plane);
    });
    return out;
}

// One row of weights for each colour, [3, 1, 1, taps], made where they are used: nothing is waited
// for on its way there.
at::Tensor gaussian_on(at::Device device) {
    const auto at =
        at::arange(-kBlurRadius, kBlurRadius + 1, at::TensorOptions(at::kFloat).device(device));
    const auto weights = at::exp((at / kDeviation).square_().mul_(-0.5));
    return (weights / weights.sum()).view({1, 1, 1, -1}).repeat({3, 1, 1, 1});
}

// [N, 3, H, W]. The Gaussian is a product: one row of weights after the other.
at::Tensor blurred_on_gpu(const at::Tensor& x, const at::Tensor& row) {
    const auto times = [](const at::Tensor& picture, const at::Tensor& kernel) {
        // Three groups of one colour: with one group a GPU would round to TF32.
        const std::int64_t none = 0;
        return at::conv2d(picture, kernel, {}, {1, 1}, {none, none}, {1, 1}, /*groups=*/3);
    };
    const auto padded =
        at::reflection_pad2d(x, {kBlurRadius, kBlurRadius, kBlurRadius, kBlurRadius});
    return times(times(padded, row.transpose(2, 3).contiguous()), row);
}

}  // namespace

at::Tensor ssim(const at::Tensor& pictures, const at::Tensor& a, const at::Tensor& b) {
    // Variances do not change when white is 0, and are then exactly 0 there, where most of a view
    // is: in fp32 they are differences of nearly equal numbers.
    const auto dark = 1 - pictures;
    const auto row = dark.is_cpu() ? at::Tensor() : gaussian_on(dark.device());
    const auto blurred = [&](const at::Tensor& x) {
        return x.is_cpu() ? blurred_on_cpu(x) : blurred_on_gpu(x, row);
    };
    const auto each = dark.numel() / dark.size(0);
    const auto at_once = std::max<std::int64_t>(1, kValuesAtOnce / each);
    std::vector<at::Tensor> means, variances, results;
    for (const auto& part : dark.split(at_once)) {
        means.push_back(blurred(part));
        variances.push_back((blurred(part * part) - means.back() * means.back()).clamp_min_(0));
    }
    const auto mean = at::cat(means), variance = at::cat(variances);
    for (std::int64_t first = 0; first < a.size(0); first += at_once) {
        const auto count = std::min(at_once, a.size(0) - first);
        const auto i = a.narrow(0, first, count), j = b.narrow(0, first, count);
        const auto mi = mean.index_select(0, i), mj = mean.index_select(0, j);
        // Not clamped, unlike variances.
        auto covariance = blurred(dark.index_select(0, i) * dark.index_select(0, j)).sub_(mi * mj);
        const auto light_i = 1 - mi, light_j = 1 - mj;
        const auto both = variance.index_select(0, i).add_(variance.index_select(0, j));
        const auto above = (2 * light_i * light_j).add_(kC1).mul_(covariance.mul_(2).add_(kC2));
        const auto below = (light_i * light_i + light_j * light_j).add_(kC1).mul_(both.add_(kC2));
        results.push_back((above / below).mean({1, 2, 3}));
    }
    return at::cat(results);
}

}  // namespace generator
