#include "generator/score/alexnet.hpp"

#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

// AlexNet's own convolutions; how many channels they have, the tensors say.
struct Convolution {
    std::int64_t number, kernel, stride, padding;
    bool pools;  // before it
};
constexpr std::array<Convolution, AlexNetLpips::kLayers> kConvolutions{{{0, 11, 4, 2, false},
                                                                        {3, 5, 1, 2, true},
                                                                        {6, 3, 1, 1, true},
                                                                        {8, 3, 1, 1, false},
                                                                        {10, 3, 1, 1, false}}};
constexpr std::array kShift{-0.030F, -0.088F, -0.188F}, kScale{0.458F, 0.448F, 0.450F};
constexpr double kEps = 1e-8;

at::Tensor colour(const std::array<float, 3>& rgb, at::Device device) {
    return at::tensor(at::ArrayRef<float>(rgb), at::kFloat).view({1, 3, 1, 1}).to(device);
}

}  // namespace

AlexNetLpips::Channels AlexNetLpips::channels_of(const Safetensors& features) {
    const TensorSizes sizes(features);
    Channels channels{};
    for (std::size_t i = 0; i < kLayers; ++i)
        channels[i] =
            sizes.shape("features." + std::to_string(kConvolutions[i].number) + ".weight", 4)[0];
    return channels;
}

AlexNetLpips::AlexNetLpips(const Channels& channels, Bundle& features, Bundle& layers)
    : shift_(colour(kShift, features.device())), scale_(colour(kScale, features.device())) {
    std::int64_t in = 3;
    for (std::size_t i = 0; i < kLayers; ++i) {
        const auto& [number, kernel, stride, padding, pools] = kConvolutions[i];
        const auto at = Scope(features).in_fp32() / "features" / number;
        layers_.push_back({at.take("weight", {channels[i], in, kernel, kernel}),
                           at.take("bias", {channels[i]}),
                           (Scope(layers).in_fp32() / ("lin" + std::to_string(i)) / "model" / 1)
                               .take("weight", {1, channels[i], 1, 1})});
        in = channels[i];
    }
}

std::array<at::Tensor, AlexNetLpips::kLayers> AlexNetLpips::features(
    const at::Tensor& picture) const {
    std::array<at::Tensor, kLayers> out;
    auto x = (2 * picture - 1).sub_(shift_).div_(scale_);
    for (std::size_t i = 0; i < kLayers; ++i) {
        const auto& [number, kernel, stride, padding, pools] = kConvolutions[i];
        if (pools) x = at::max_pool2d(x, {3, 3}, {2, 2});
        x = at::conv2d(x, layers_[i].weight, layers_[i].bias, {stride, stride}, {padding, padding});
        x.relu_();
        out[i] = x / at::sqrt((x * x).sum(1, /*keepdim=*/true).add_(kEps));
    }
    return out;
}

at::Tensor AlexNetLpips::distances(const std::array<at::Tensor, kLayers>& features,
                                   const at::Tensor& a, const at::Tensor& b) const {
    std::vector<at::Tensor> columns;
    for (std::size_t i = 0; i < kLayers; ++i) {
        auto apart = features[i].index_select(0, a).sub_(features[i].index_select(0, b));
        apart.square_().mul_(layers_[i].importance);
        columns.push_back(apart.sum(1).mean({1, 2}));
    }
    return at::stack(columns, 1);
}

}  // namespace generator
