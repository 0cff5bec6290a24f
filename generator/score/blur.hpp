// SSIM's Gaussian on a CPU, where the library's convolution of single planes takes ten times as
// long. Torch-free; any thread.
#pragma once

#include <array>
#include <cstdint>

namespace generator {

constexpr int kBlurRadius = 5;
using BlurWeights = std::array<float, 2 * kBlurRadius + 1>;

// from, to [height, width], not the same; each side more than the radius. Down, then across; what
// lies outside is reflected, without the border row itself.
void blur_plane(const float* from, std::int64_t height, std::int64_t width,
                const BlurWeights& weights, float* to);

}  // namespace generator
