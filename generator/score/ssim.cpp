#include "generator/score/ssim.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr int kRadius = 5;
constexpr double kDeviation = 1.5;
constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
constexpr std::int64_t kPixelsAtOnce = std::int64_t(4)
                                       << 20;  // a picture is as wide as the colours

at::Tensor gaussian(at::Device device) {
    std::array<float, 2 * kRadius + 1> weights{};
    float sum = 0;
    for (int i = -kRadius; i <= kRadius; ++i) {
        const auto at = float(i / kDeviation);
        sum += weights[std::size_t(i + kRadius)] = std::exp(-at * at / 2);
    }
    for (float& weight : weights) weight /= sum;
    return at::tensor(at::ArrayRef<float>(weights), at::kFloat).to(device);
}

// One row of weights after the other, as the Gaussian is a product. Three groups of one colour:
// with one group a GPU would round to TF32.
class Blur {
public:
    explicit Blur(at::Device device)
        : down_(gaussian(device).view({1, 1, -1, 1}).expand({3, 1, -1, 1}).contiguous()),
          across_(down_.transpose(2, 3).contiguous()) {}

    at::Tensor operator()(const at::Tensor& x) const {
        const auto padded = at::reflection_pad2d(x, {kRadius, kRadius, kRadius, kRadius});
        return times(across_, times(down_, padded));
    }

private:
    static at::Tensor times(const at::Tensor& weights, const at::Tensor& x) {
        const std::int64_t none = 0;
        return at::conv2d(x, weights, {}, {1, 1}, {none, none}, {1, 1}, /*groups=*/3);
    }

    at::Tensor down_, across_;
};

}  // namespace

at::Tensor ssim(const at::Tensor& pictures, const at::Tensor& a, const at::Tensor& b) {
    const Blur blur(pictures.device());
    // Variances do not change when white is 0, and are then exactly 0 there, where most of a view
    // is: in fp32 they are differences of nearly equal numbers.
    const auto dark = 1 - pictures;
    const auto each = dark.numel() / dark.size(0);
    const auto at_once = std::max<std::int64_t>(1, kPixelsAtOnce / each);
    std::vector<at::Tensor> means, variances, results;
    for (const auto& part : dark.split(at_once)) {
        means.push_back(blur(part));
        variances.push_back((blur(part * part) - means.back() * means.back()).clamp_min_(0));
    }
    const auto mean = at::cat(means), variance = at::cat(variances);
    for (std::int64_t first = 0; first < a.size(0); first += at_once) {
        const auto count = std::min(at_once, a.size(0) - first);
        const auto i = a.narrow(0, first, count), j = b.narrow(0, first, count);
        const auto mi = mean.index_select(0, i), mj = mean.index_select(0, j);
        const auto covariance =
            blur(dark.index_select(0, i) * dark.index_select(0, j)) - mi * mj;  // not clamped
        const auto light_i = 1 - mi, light_j = 1 - mj;
        const auto variances_of_both = variance.index_select(0, i) + variance.index_select(0, j);
        const auto above = (2 * light_i * light_j + kC1) * (2 * covariance + kC2);
        const auto below =
            (light_i * light_i + light_j * light_j + kC1) * (variances_of_both + kC2);
        results.push_back((above / below).mean({1, 2, 3}));
    }
    return at::cat(results);
}

}  // namespace generator
