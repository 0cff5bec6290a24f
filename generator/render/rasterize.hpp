// Gaussians to pixels, as gsplat 1.5.3 does it in its classic mode: what a validator sees. On the
// CPU: Gaussians are projected and sorted by depth, listed for each 16 x 16 tile that they touch,
// and laid over one another front to back, sixteen pixels at a time.
#pragma once

#include "config/result.hpp"
#include "generator/render/camera.hpp"
#include "generator/splat/scene.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace generator {

// Activated values, one entry per Gaussian, all spans of one length. Not owned.
struct Gaussians {
    std::span<const std::array<float, 3>> mean;
    std::span<const std::array<float, 4>> rotation;  // w, x, y, z of any length but zero
    std::span<const std::array<float, 3>> scale;     // standard deviations
    std::span<const float> opacity;                  // 0..1; more counts as 1
    std::span<const std::array<float, 3>> colour;    // RGB, may leave 0..1

    std::size_t size() const { return mean.size(); }
};

// `rotation`: the stored splats' that the scene was made of.
Gaussians gaussians(const Scene& scene, std::span<const std::array<float, 4>> rotation);

enum class Vectors { best, avx2, plain };  // best: what this machine has; for tests, the others

struct RasterizeOptions {
    std::array<float, 3> background = {1, 1, 1};
    double eps2d = 0.3;        // added to the diagonal of the projected covariance, pixels squared
    bool antialiased = false;  // makes up for eps2d in the opacity
    int threads = 0;           // 0: as many as the machine has, at most 8
    Vectors vectors = Vectors::best;
    std::stop_token stop;
};

// Rows from the top, width * height pixels.
struct Rendering {
    int width = 0, height = 0;
    std::vector<float> colour;     // RGB of each pixel, background included, not clamped
    std::vector<float> alpha;      // 0..1
    std::vector<float> depth;      // sum of camera z times weight, not divided by alpha
    std::int64_t drawn = 0;        // Gaussians whose box meets the picture
    std::int64_t not_numbers = 0;  // Gaussians left out as a value is not finite or the rotation is
                                   // zero
};

constexpr std::int64_t kMaxPixels = 4096 * 4096;
constexpr std::int64_t kMaxGaussians = 10'000'000;  // what an SPZ may hold

// The same bits for any number of threads; other vectors differ by roundings. Memory: 140 bytes a
// Gaussian, 44 a pixel and 60 MB. What is not finite is left out and counted. Fails with
// empty_picture, picture_too_large, bad_splats (too many), cancelled, out_of_memory, and internal
// for a camera or spans that make no sense. Any thread.
config::Result<Rendering> rasterize(const Gaussians& gaussians, const Camera& camera,
                                    const RasterizeOptions& options = {});

}  // namespace generator
