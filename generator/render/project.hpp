// From Gaussians in the world to ellipses in the picture, in depth order. Private to render/.
#pragma once

#include "generator/render/rasterize.hpp"

#include <memory>

namespace generator {

// One Gaussian in the picture. Its covariance [[a, b], [b, c]] is kept completed to squares in x:
//   d^T cov^-1 d = (c / det) (dx - (b / c) dy)^2 + dy^2 / c,   det = a c - b^2,
// both terms of which are positive, so that a float does for needles too.
struct Ellipse {
    double x, y;         // centre, pixels
    float across, down;  // c / det and 1 / c, times log2(e) / 2: weights are powers of two
    float shear;         // b / c
    float opacity;
    float z;  // camera
    std::array<float, 3> colour;
    float half_width, half_height;  // of the box of all points with a weight of 1/255, and a bit
    float tilt;                     // dy of that box's rightmost point
};

struct Projection {
    std::unique_ptr<Ellipse[]> ellipses;  // of the visible ones, near to far, ties by index
    std::vector<std::uint32_t> order;     // which Gaussian each is of
    std::int64_t not_numbers = 0;

    std::span<const Ellipse> all() const { return {ellipses.get(), order.size()}; }
};

// May throw std::bad_alloc.
Projection project(const Gaussians& gaussians, const Camera& camera,
                   const RasterizeOptions& options, int threads);

}  // namespace generator
