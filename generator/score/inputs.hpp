// From 8-bit pictures to what each network is fed, to the pixel as the validator does it: no
// antialiasing, any aspect is squeezed, cubic overshoot is kept. Source: three-gen-subnet, service
// 2.4.0, engine/metrics.
#pragma once

#include "generator/asset.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// Sides of the networks' inputs, in pixels; the text CLIP's is not its own 256.
struct InputSizes {
    std::int64_t quality = 518, text = 224, picture = 336, lpips = 256;
};

// Equal pictures must get equal numbers, or ties among the outlier rule's marks break by rounding:
// each counts once. On a CPU it is also computed once; a GPU, which plans anew for every other
// number of pictures, computes all, and of equal ones the first counts.
struct DistinctViews {
    at::Tensor pictures;           // [D, H, W, 3] u8
    std::vector<std::int64_t> of;  // for each view, below D
};

// [views, H, W, 3] u8, at least one.
DistinctViews distinct_views(const at::Tensor& views);

// RGB of one size, at least one -> [B, H, W, 3] u8.
at::Tensor to_bytes(std::span<const Image> pictures, at::Device device);

// [B, H, W, 3] u8 -> [B, 3, S, S] fp32.
at::Tensor for_quality(const at::Tensor& bytes, std::int64_t size);  // bilinear, ImageNet's colours
// Both CLIPs: cubic, a = -0.75. Mean and deviation are three times CLIP's, which is CLIP's own
// normalisation of a picture of a third of the brightness: the score's constants were chosen on it.
at::Tensor for_clip(const at::Tensor& bytes, std::int64_t size);
at::Tensor for_lpips(const at::Tensor& bytes, std::int64_t size);  // cubic, clamped to 0..1
at::Tensor for_ssim(const at::Tensor& bytes);                      // 0..1, [B, 3, H, W]

}  // namespace generator
