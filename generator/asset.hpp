// What goes into the generator and what comes out of it, as plain host values: no torch, no files,
// any thread.
#pragma once

#include "config/stage_times.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace generator {

// 8 bits a channel, interleaved, rows from the top: pixels.size() == width * height * channels.
struct Image {
    int width = 0;
    int height = 0;
    int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; alpha is not premultiplied
    std::vector<std::uint8_t> pixels;

    std::size_t row_bytes() const { return std::size_t(width) * channels; }
};

// Gaussians in TRELLIS's own space (z up, cube of side 1 about the origin), activated values. One
// entry per Gaussian.
struct Splats {
    std::vector<std::array<float, 3>> position;
    std::vector<std::array<float, 3>>
        colour;                               // degree-0 harmonics; RGB = 0.5 + 0.28209479 * colour
    std::vector<std::array<float, 3>> scale;  // standard deviations
    std::vector<std::array<float, 4>> rotation;  // quaternion w, x, y, z, not normalised
    std::vector<float> opacity;                  // 0..1

    std::size_t size() const { return position.size(); }
};

using config::StageTimes;

}  // namespace generator
