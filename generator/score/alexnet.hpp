// How far apart two pictures look: LPIPS (Zhang et al. 2018, arXiv 1801.03924) on AlexNet's
// features, as torchmetrics has it, under torchvision's and lpips's tensor names. fp32 always: it
// is small. Throws Refused.
#pragma once

#include "generator/score/sizes.hpp"
#include "generator/weights/bundle.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class AlexNetLpips {
public:
    static constexpr std::size_t kLayers = 5;
    static constexpr std::int64_t kLeastSide = 63;  // of a picture: less leaves no pixel to compare

    using Channels = std::array<std::int64_t, kLayers>;  // out of each convolution
    static Channels channels_of(const Safetensors& features);

    // features: alexnet.safetensors, whose classifier is left alone; layers: lin.safetensors.
    AlexNetLpips(const Channels& channels, Bundle& features, Bundle& layers);

    // x [B, 3, S, S] in 0..1 -> what the five convolutions see, a unit vector at each pixel: [B, C,
    // s, s] each. Once a picture, however many it is compared with.
    std::array<at::Tensor, kLayers> features(const at::Tensor& x) const;

    // Pictures a[i] and b[i], indices into the features -> [N, 5]; the sum of a row is the
    // distance, exactly 0 of a picture with itself.
    at::Tensor distances(const std::array<at::Tensor, kLayers>& features, const at::Tensor& a,
                         const at::Tensor& b) const;

private:
    struct Layer {
        at::Tensor weight, bias;
        at::Tensor importance;  // [1, C, 1, 1]
    };

    at::Tensor shift_, scale_;  // of colours in -1..1, [1, 3, 1, 1]
    std::vector<Layer> layers_;
};

}  // namespace generator
