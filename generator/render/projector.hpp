// One Gaussian to its ellipse in the picture: the same text for the CPU and for CUDA. Private to
// render/.
#pragma once

#include "generator/render/project.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#ifdef __CUDACC__
#define MINER_ANYWHERE __host__ __device__
#else
#define MINER_ANYWHERE
#endif

namespace generator {

inline constexpr double kFaintest = 1.0 / 255;

template <std::size_t N>
MINER_ANYWHERE inline bool finite(const std::array<float, N>& values) {
    // A sum of finite floats does not overflow a double, and one that is not finite stays in it.
    double sum = 0;
    for (const float value : values) sum += value;
    return std::isfinite(sum);
}

using Matrix = std::array<std::array<double, 3>, 3>;

// `rotation` has a length.
MINER_ANYWHERE inline Matrix rotation_matrix(const std::array<float, 4>& rotation) {
    double length = 0;
    for (const double value : rotation) length += value * value;
    length = std::sqrt(length);
    const double w = rotation[0] / length, x = rotation[1] / length, y = rotation[2] / length,
                 z = rotation[3] / length;
    return {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
             {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
             {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}

// Plain values: a kernel takes it as it is.
class Projector {
public:
    Projector(const Camera& camera, const RasterizeOptions& options)
        : camera_(camera), eps2d_(options.eps2d), antialiased_(options.antialiased) {
        const double margin_x = 0.15 * camera.width / camera.focal_x;
        const double margin_y = 0.15 * camera.height / camera.focal_y;
        low_u_ = -(camera.centre_x / camera.focal_x + margin_x);
        high_u_ = (camera.width - camera.centre_x) / camera.focal_x + margin_x;
        low_v_ = -(camera.centre_y / camera.focal_y + margin_y);
        high_v_ = (camera.height - camera.centre_y) / camera.focal_y + margin_y;
    }

    // False when nothing of it can be seen.
    MINER_ANYWHERE bool operator()(const Gaussians& all, std::size_t i, Ellipse& ellipse) const {
        const auto& mean = all.mean[i];
        std::array<double, 3> p;
        for (int r = 0; r < 3; ++r) {
            const auto& row = camera_.view[r];
            p[r] = row[0] * mean[0] + row[1] * mean[1] + row[2] * mean[2] + row[3];
        }
        const double z = p[2];
        if (!(z >= camera_.near && z <= camera_.far) || all.opacity[i] < float(kFaintest))
            return false;

        auto [a, b, c] = covariance(all, i, p);
        const double before = a * c - b * b;
        a += eps2d_;
        c += eps2d_;
        const double det = a * c - b * b;
        if (!(det > 0 && std::isfinite(det))) return false;
        double opacity = std::min(double(all.opacity[i]), 1.0);
        if (antialiased_) opacity *= std::sqrt(std::max(0.0, before / det));
        if (opacity < kFaintest) return false;

        const double reach = 2 * std::log(opacity / kFaintest);  // of d^T cov^-1 d
        const double extent = std::min(3.33, std::sqrt(reach));
        const double radius_x = std::ceil(extent * std::sqrt(a));
        const double radius_y = std::ceil(extent * std::sqrt(c));
        const double x = camera_.focal_x * p[0] / z + camera_.centre_x;
        const double y = camera_.focal_y * p[1] / z + camera_.centre_y;
        if (!(radius_x > 0 || radius_y > 0)) return false;
        if (!(x + radius_x > 0 && x - radius_x < camera_.width && y + radius_y > 0 &&
              y - radius_y < camera_.height)) {
            return false;
        }
        fill(ellipse, {a, b, c, det}, reach);
        ellipse.x = x;
        ellipse.y = y;
        ellipse.opacity = float(opacity);
        ellipse.z = float(z);
        ellipse.colour = all.colour[i];
        return true;
    }

private:
    struct Covariance {
        double a, b, c;
    };
    struct Dilated {
        double a, b, c, det;
    };

    // J V R S S^T R^T V^T J^T, the first-order projection.
    MINER_ANYWHERE Covariance covariance(const Gaussians& all, std::size_t i,
                                         const std::array<double, 3>& p) const {
        const double z = p[2];
        const double u = std::clamp(p[0] / z, low_u_, high_u_);
        const double v = std::clamp(p[1] / z, low_v_, high_v_);
        const double fx = camera_.focal_x / z, fy = camera_.focal_y / z;
        const Matrix turn = rotation_matrix(all.rotation[i]);
        const auto& view = camera_.view;
        std::array<double, 3> right, down;  // rows of J V
        for (int k = 0; k < 3; ++k) {
            right[k] = fx * (view[0][k] - u * view[2][k]);
            down[k] = fy * (view[1][k] - v * view[2][k]);
        }
        Covariance sum{0, 0, 0};
        for (int k = 0; k < 3; ++k) {
            const double scale = all.scale[i][k];
            const double x =
                scale * (right[0] * turn[0][k] + right[1] * turn[1][k] + right[2] * turn[2][k]);
            const double y =
                scale * (down[0] * turn[0][k] + down[1] * turn[1][k] + down[2] * turn[2][k]);
            sum.a += x * x;
            sum.b += x * y;
            sum.c += y * y;
        }
        return sum;
    }

    // Far beyond any picture, and still a float.
    MINER_ANYWHERE static float bounded(double value) {
        return float(std::clamp(value, -1e30, 1e30));
    }

    MINER_ANYWHERE static void fill(Ellipse& ellipse, const Dilated& d, double reach) {
        constexpr double kHalfLog2E = std::numbers::log2e / 2;
        // The bit keeps every pixel that a float's rounding may bring to 1/255.
        constexpr double kBitMore = 1.0001, kBit = 0.001;
        ellipse.across = bounded(kHalfLog2E * d.c / d.det);
        ellipse.down = bounded(kHalfLog2E / d.c);
        ellipse.shear = bounded(d.b / d.c);
        ellipse.half_width = bounded(std::sqrt(reach * d.a) * kBitMore + kBit);
        ellipse.half_height = bounded(std::sqrt(reach * d.c) * kBitMore + kBit);
        ellipse.tilt = bounded(d.b * std::sqrt(reach / d.a));
    }

    Camera camera_;
    double eps2d_;
    bool antialiased_;
    double low_u_, high_u_, low_v_, high_v_;
};

// Whether all of it is finite, and it has a rotation.
MINER_ANYWHERE inline bool is_sound(const Gaussians& all, std::size_t i) {
    const auto& q = all.rotation[i];
    return finite(all.mean[i]) && finite(q) && finite(all.scale[i]) && finite(all.colour[i]) &&
           std::isfinite(all.opacity[i]) && (q[0] != 0 || q[1] != 0 || q[2] != 0 || q[3] != 0);
}

}  // namespace generator
