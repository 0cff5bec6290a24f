#include "generator/splat/scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {

Frame validator_frame(const StoredSplats& splats, double box) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
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
    return {box / side, sum / (3.0 * double(splats.size()))};
}

Scene validator_scene(const StoredSplats& splats, double box) {
    const auto frame = validator_frame(splats, box);
    Scene scene;
    scene.zoom = frame.zoom;
    scene.offset = frame.offset;
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
