// Single values between what the model says and what a file holds. Each is defined here once: by
// export.cpp and ply.cpp for files in general, by encode.cpp where its fast arithmetic is in doubt.
// Private to splat/.
#pragma once

#include <array>
#include <cmath>
#include <limits>

namespace generator {

// Opacities are kept within these before the logit.
inline constexpr float kLowestOpacity = 1.F / 510, kHighestOpacity = 1 - kLowestOpacity;

// A NaN goes through both.
inline float stored_scale(float scale) {
    constexpr float kSmallest = std::numeric_limits<float>::min();
    return std::log(scale < kSmallest ? kSmallest : scale);
}
inline float capped_opacity(float opacity) {
    return opacity < kLowestOpacity    ? kLowestOpacity
           : opacity > kHighestOpacity ? kHighestOpacity
                                       : opacity;
}
inline float stored_opacity(float opacity) {
    const float capped = capped_opacity(opacity);
    return std::log(capped / (1 - capped));
}

// A quarter turn about x: +1 takes (x, y, z) to (x, -z, y), -1 to (x, z, -y).
inline std::array<float, 3> turned_position(const std::array<float, 3>& p, float side) {
    return {p[0], -side * p[2], side * p[1]};
}

// A rotation q becomes turn * q with turn = (sqrt(1/2), side * sqrt(1/2), 0, 0), whose common
// factor goes when the length is made 1.
inline std::array<float, 4> turned_rotation(const std::array<float, 4>& wxyz, float side) {
    const auto& [w, x, y, z] = wxyz;
    const std::array<double, 4> q = {double(w) - side * x, double(x) + side * w,
                                     double(y) - side * z, double(z) + side * y};
    const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    return {float(q[0] / length), float(q[1] / length), float(q[2] / length), float(q[3] / length)};
}

}  // namespace generator
