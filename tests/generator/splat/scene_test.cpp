#include "generator/splat/scene.hpp"

#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the scene equals what the validator renders") {
    const std::string file = "gsplat/validator_view_01.safetensors";
    const auto scene = generator::validator_scene(tests::golden_ply("gsplat/hamburger.ply"));
    const auto index = tests::golden_tensor<std::int32_t>(file, "sample_index");
    const auto means = tests::golden_tensor<float>(file, "sample_means");
    const auto scales = tests::golden_tensor<float>(file, "sample_scales");
    const auto opacities = tests::golden_tensor<float>(file, "sample_opacities");
    const auto colours = tests::golden_tensor<float>(file, "sample_colors");
    REQUIRE(index.size() > 900);
    for (std::size_t i = 0; i < index.size(); ++i) {
        INFO("Gaussian " << index[i]);
        for (int c = 0; c < 3; ++c) {
            REQUIRE(tests::near(scene.mean[index[i]][c], means[3 * i + c], 1e-6));
            REQUIRE(
                tests::near(scene.scale[index[i]][c], scales[3 * i + c], 1e-6 * scales[3 * i + c]));
            REQUIRE(tests::near(scene.colour[index[i]][c], colours[3 * i + c], 1e-6));
        }
        REQUIRE(tests::near(scene.opacity[index[i]], opacities[i], 1e-6));
    }
}

TEST_CASE("one number is subtracted from all axes, and opacity is divided by the zoom") {
    generator::StoredSplats splats;
    splats.resize(2);
    splats.position = {{0, 0, 0}, {0.5F, 0.25F, 3}};
    splats.rotation = {{1, 0, 0, 0}, {1, 0, 0, 0}};
    splats.logit = {0, 20};
    const auto scene = generator::validator_scene(splats);
    CHECK(scene.zoom == 0.5);
    CHECK(scene.offset == 0.625);
    CHECK(scene.mean[0] == std::array{-0.3125F, -0.3125F, -0.3125F});
    CHECK(scene.mean[1] == std::array{-0.0625F, -0.1875F, 1.1875F});
    CHECK(scene.scale[0] == std::array{0.5F, 0.5F, 0.5F});
    CHECK(scene.opacity == std::vector{1.F, 1.F});
    splats.position[1] = {0.5F, 0.25F, 0};
    CHECK(generator::validator_scene(splats).opacity[0] == 0.5F / 3);
}
