#include "generator/splat/scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {

Scene validator_scene(const StoredSplats& splats, double box) {
    constexpr double kHarmonic = 0.28209479177387814;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    Scene scene;
    std::array<float, 3> low, high;
    low.fill(kInfinity);
    high.fill(-kInfinity);
    double sum = 0;
    for (const auto& position : splats.position) {
        for (int c = 0; c < 3; ++c) {
            low[c] = std::min(low[c], position[c]);
            high[c] = std::max(high[c], position[c]);
            sum += position[c];
        }
    }
    double side = 0;
    for (int c = 0; c < 3; ++c) side = std::max(side, double(high[c]) - double(low[c]));
    scene.zoom = box / side;
    scene.offset = sum / (3.0 * double(splats.size()));

    const std::size_t count = splats.size();
    const float zoom = float(scene.zoom), offset = float(scene.offset);
    scene.mean.resize(count);
    scene.scale.resize(count);
    scene.opacity.resize(count);
    scene.colour.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (int c = 0; c < 3; ++c) {
            scene.mean[i][c] = (splats.position[i][c] - offset) * zoom;
            scene.scale[i][c] = std::exp(splats.log_scale[i][c]) * zoom;
            scene.colour[i][c] = float(0.5 + kHarmonic * splats.colour[i][c]);
        }
        const float opacity = 1 / (1 + std::exp(-splats.logit[i]));
        scene.opacity[i] = std::min(opacity / zoom, 1.F);
    }
    return scene;
}

}  // namespace generator
