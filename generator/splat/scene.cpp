#include "generator/splat/scene.hpp"

#include "generator/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {
namespace {

constexpr std::size_t kPiece = 8192;

}  // namespace

// Sums of pieces, so that no last bit depends on the number of threads.
Frame validator_frame(const StoredSplats& splats, double box) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    struct Part {
        std::array<float, 3> low{kInfinity, kInfinity, kInfinity};
        std::array<float, 3> high{-kInfinity, -kInfinity, -kInfinity};
        double sum = 0;
    };
    std::vector<Part> parts((splats.size() + kPiece - 1) / kPiece);
    parallel_for(parts.size(), threads_for(0), [&](std::size_t i) {
        Part part;
        const std::size_t end = std::min(splats.size(), (i + 1) * kPiece);
        for (std::size_t k = i * kPiece; k < end; ++k) {
            const auto& position = splats.position[k];
            for (std::size_t c = 0; c < 3; ++c) {
                part.low[c] = std::min(part.low[c], position[c]);
                part.high[c] = std::max(part.high[c], position[c]);
                part.sum += position[c];
            }
        }
        parts[i] = part;
    });
    Part all;
    for (const Part& part : parts) {
        for (std::size_t c = 0; c < 3; ++c) {
            all.low[c] = std::min(all.low[c], part.low[c]);
            all.high[c] = std::max(all.high[c], part.high[c]);
        }
        all.sum += part.sum;
    }
    double side = 0;
    for (std::size_t c = 0; c < 3; ++c)
        side = std::max(side, double(all.high[c]) - double(all.low[c]));
    return {box / side, all.sum / (3.0 * double(splats.size()))};
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
    const auto place = [&](std::size_t i) {
        for (std::size_t c = 0; c < 3; ++c) {
            scene.mean[i][c] = (splats.position[i][c] - offset) * zoom;
            scene.scale[i][c] = std::exp(splats.log_scale[i][c]) * zoom;
            scene.colour[i][c] = float(0.5 + kHarmonic * splats.colour[i][c]);
        }
        const float opacity = 1 / (1 + std::exp(-splats.logit[i]));
        scene.opacity[i] = std::min(opacity / zoom, 1.F);
    };
    parallel_for((count + kPiece - 1) / kPiece, threads_for(0), [&](std::size_t piece) {
        const std::size_t end = std::min(count, (piece + 1) * kPiece);
        for (std::size_t i = piece * kPiece; i < end; ++i) place(i);
    });
    return scene;
}

}  // namespace generator
