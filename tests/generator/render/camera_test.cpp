#include "generator/render/camera.hpp"

#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the sixteen cameras are the validator's") {
    const std::string file = "gsplat/validator_view_01.safetensors";
    const auto views = tests::golden_tensor<float>(file, "views");
    const auto k = tests::golden_tensor<float>(file, "K");
    for (int i = 0; i < generator::kValidatorViews; ++i) {
        INFO("view " << i);
        const auto camera = generator::orbit_camera(generator::validator_orbit(i));
        for (int j = 0; j < 12; ++j) {
            CHECK(camera.view[j / 4][j % 4] == Approx(views[16 * i + j]).margin(1e-6));
        }
        CHECK(float(camera.focal_x) == Approx(k[0]));
        CHECK(float(camera.focal_y) == Approx(k[4]));
        CHECK(camera.centre_x == k[2]);
        CHECK(camera.centre_y == k[5]);
        CHECK(camera.width == 518);
        CHECK(camera.height == 518);
        CHECK(camera.near == 0.01);
        CHECK(camera.far == 100);
    }
}

TEST_CASE("the principal point is an integer, of odd sizes too") {
    const auto camera = generator::orbit_camera({.width = 519, .height = 33});
    CHECK(camera.centre_x == 259);
    CHECK(camera.centre_y == 16);
}
