// Splats as the validator sees them: activated and put through its normalisation.
#pragma once

#include "generator/splat/ply.hpp"

namespace generator {

// One entry per Gaussian. Rotations stay as stored; gsplat gives them length 1.
struct Scene {
    std::vector<std::array<float, 3>> mean;
    std::vector<std::array<float, 3>> scale;   // standard deviations
    std::vector<float> opacity;                // 0..1
    std::vector<std::array<float, 3>> colour;  // RGB, may leave 0..1
    double zoom = 1;
    double offset = 0;  // the one number that was subtracted from all coordinates, before the zoom
};

// Red, green and blue are 0.5 + this times the splats' colour.
inline constexpr double kHarmonic = 0.28209479177387814;

// What centres and sizes are put through, below.
struct Frame {
    double zoom, offset;
};
Frame validator_frame(const StoredSplats& splats, double box = 1.5);

// zoom = box / largest side of the box of the centres (the validator's box is 1.5); centres = (p -
// m) * zoom with ONE number m, the mean of all 3 N coordinates; scales * zoom; opacity / zoom, at
// most 1. Source: three-gen-subnet, service 2.4.0, engine/io/ply/loader.py and
// engine/rendering/gaussian_splatting/gs_utils.py. What is not finite spreads as it does there: one
// such centre makes offset and all centres NaN.
Scene validator_scene(const StoredSplats& splats, double box = 1.5);

}  // namespace generator
