#include "generator/render/camera.hpp"

#include <cmath>
#include <numbers>

namespace generator {
namespace {

using Vector = std::array<double, 3>;

Vector cross(const Vector& a, const Vector& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

}  // namespace

Camera orbit_camera(const Orbit& orbit) {
    constexpr double kDegree = std::numbers::pi / 180;
    const double e = orbit.elevation_degrees * kDegree, a = orbit.azimuth_degrees * kDegree;
    const Vector back = {std::cos(e) * std::sin(a), -std::sin(e), std::cos(e) * std::cos(a)};
    const Vector right = {std::cos(a), 0, -std::sin(a)};
    const Vector up = cross(back, right);
    const Vector rows[3] = {right, {-up[0], -up[1], -up[2]}, {-back[0], -back[1], -back[2]}};

    Camera camera;
    for (int r = 0; r < 3; ++r) {
        camera.view[r] = {rows[r][0], rows[r][1], rows[r][2], -orbit.radius * dot(rows[r], back)};
    }
    const double across = 2 * std::tan(orbit.fov_y_degrees * kDegree / 2);
    camera.focal_x = orbit.width / across;
    camera.focal_y = orbit.height / across;
    camera.centre_x = orbit.width / 2;  // integers: 259 of 519 too
    camera.centre_y = orbit.height / 2;
    camera.width = orbit.width;
    camera.height = orbit.height;
    camera.far = 100;
    return camera;
}

Orbit validator_orbit(int index) {
    return {.azimuth_degrees = 360.0 * index / (kValidatorViews - 1)};
}

}  // namespace generator
