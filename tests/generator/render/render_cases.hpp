// The golden scenes of gsplat for the tests of render/.
#pragma once

#include "generator/render/rasterize.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>

namespace tests {

template <std::size_t N>
std::vector<std::array<float, N>> golden_rows(const std::string& file, const std::string& name) {
    const auto values = golden_tensor<float>(file, name);
    std::vector<std::array<float, N>> rows(values.size() / N);
    for (std::size_t i = 0; i < values.size(); ++i) rows[i / N][i % N] = values[i];
    return rows;
}

// Activated Gaussians, the camera and what gsplat's rules make of them.
struct GoldenScene {
    explicit GoldenScene(std::string name) : file(std::move(name)) {
        mean = golden_rows<3>(file, "means");
        rotation = golden_rows<4>(file, "quats");
        scale = golden_rows<3>(file, "scales");
        opacity = golden_tensor<float>(file, "opacities");
        colour = golden_rows<3>(file, "colors");
        background = golden_rows<3>(file, "background").at(0);
        const auto view = golden_tensor<float>(file, "view"), k = golden_tensor<float>(file, "K");
        for (std::size_t i = 0; i < 12; ++i) camera.view[i / 4][i % 4] = view[i];
        camera.focal_x = k[0];
        camera.focal_y = k[4];
        camera.centre_x = k[2];
        camera.centre_y = k[5];
        const auto size = golden_tensor<std::int32_t>(file, "size_wh");
        camera.width = size[0];
        camera.height = size[1];
    }

    generator::Gaussians gaussians() const { return {mean, rotation, scale, opacity, colour}; }

    std::string file;
    std::vector<std::array<float, 3>> mean, scale, colour;
    std::vector<std::array<float, 4>> rotation;
    std::vector<float> opacity;
    std::array<float, 3> background;
    generator::Camera camera;
};

// The tolerances that come with the golden files: thresholds (1/255, 1e-4, the order of near ties)
// make single pixels jump.
inline void check_pixels(const std::vector<float>& got, const std::vector<float>& want,
                         std::size_t channels) {
    REQUIRE(got.size() == want.size());
    double sum = 0, largest = 0;
    std::size_t off = 0;
    for (std::size_t pixel = 0; pixel < want.size() / channels; ++pixel) {
        double worst = 0;
        for (std::size_t i = pixel * channels; i < (pixel + 1) * channels; ++i) {
            const double difference = std::abs(double(got[i]) - want[i]);
            sum += difference;
            worst = difference <= worst ? worst : difference;  // and what is not a number
        }
        largest = worst <= largest ? largest : worst;
        off += !(worst < 1e-4);
    }
    CHECK(sum / double(want.size()) < 1e-6);
    CHECK(double(off) <= 0.001 * double(want.size() / channels));
    CHECK(largest < 5e-3);
}

}  // namespace tests
