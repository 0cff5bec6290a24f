// Where a picture of splats is taken from, and the validator's sixteen places. Any thread.
#pragma once

#include <array>

namespace generator {

// A pinhole camera with axes as OpenCV has them: x right, y down, z into the scene.
struct Camera {
    std::array<std::array<double, 4>, 3> view{};  // world to camera: rotation and translation
    double focal_x = 1, focal_y = 1;              // pixels
    double centre_x = 0, centre_y = 0;            // pixels; pixel (i, j) has its middle at + 0.5
    int width = 1, height = 1;
    double near = 0.01, far = 1e10;  // camera z; what lies outside is not drawn
};

// Looks at the origin from `radius` away, y up. Azimuth 0 looks from +z, 90 from +x; a negative
// elevation looks from above, and must stay between -90 and 90. The principal point is the integer
// half size, near and far are the validator's 0.01 and 100. Source: three-gen-subnet, service
// 2.4.0, engine/rendering/gaussian_splatting/gs_camera.py.
struct Orbit {
    double azimuth_degrees = 0;
    double elevation_degrees = -15;
    double radius = 2.5;
    double fov_y_degrees = 49.1;
    int width = 518, height = 518;
};
Camera orbit_camera(const Orbit& orbit);

// The pictures that a validator scores: 16 of them, once around; the last repeats the first. Index
// 0 to 15.
constexpr int kValidatorViews = 16;
constexpr int kPreviewView = 1;                           // what its web page shows
constexpr std::array<int, 4> kDuelViews = {1, 5, 9, 13};  // what its judge compares
Orbit validator_orbit(int index);

}  // namespace generator
