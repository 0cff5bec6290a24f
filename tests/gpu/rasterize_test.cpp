// The rasterizer's kernels against the goldens and against the CPU.
#include "generator/render/rasterize_cuda.hpp"

#include "generator/errc.hpp"
#include "generator/render/rasterizer.hpp"
#include "tests/generator/render/render_cases.hpp"
#include "tests/generator/splat/splat_cases.hpp"

#include <chrono>
#include <limits>

namespace {

void check_golden(const std::string& file, const std::string& prefix, bool antialiased) {
    const tests::GoldenScene scene(file);
    const auto rendering =
        generator::rasterize_cuda(scene.gaussians(), scene.camera,
                                  {.background = scene.background, .antialiased = antialiased})
            .value();
    INFO(file);
    tests::check_pixels(rendering.colour, tests::golden_tensor<float>(file, prefix + "colour"), 3);
    tests::check_pixels(rendering.alpha, tests::golden_tensor<float>(file, prefix + "alpha"), 1);
    tests::check_pixels(rendering.depth, tests::golden_tensor<float>(file, prefix + "depth"), 1);
    CHECK(rendering.not_numbers == 0);
    if (antialiased) return;
    const auto visible = tests::golden_tensor<std::uint8_t>(file, "visible");
    CHECK(rendering.drawn == std::count(visible.begin(), visible.end(), 1));
}

// As TRELLIS makes them, through the validator's eyes.
struct Cone {
    explicit Cone(std::size_t count) : splats(generator::store(tests::cone(count))) {
        for (auto& scale : splats.log_scale) scale = {-5.5F, -5.5F, -5.5F};
        scene = generator::validator_scene(splats);
    }
    generator::Gaussians gaussians() const { return generator::gaussians(scene, splats.rotation); }

    generator::StoredSplats splats;
    generator::Scene scene;
    generator::Camera camera = generator::orbit_camera(generator::validator_orbit(1));
};

}  // namespace

TEST_CASE("the kernels render by gsplat's rules", "[gpu]") {
    check_golden("gsplat/random_300.safetensors", "", false);
    check_golden("gsplat/random_300.safetensors", "antialiased_", true);
    check_golden("gsplat/shell_5000.safetensors", "", false);
}

TEST_CASE("a GPU's rasterizer is the kernels", "[gpu]") {
    const Cone cone(1'000);
    const auto want = generator::rasterize_cuda(cone.gaussians(), cone.camera).value();
    for (const auto* device : {"cuda", "cuda:0", "auto"}) {
        const auto rasterizer = generator::rasterizer_on(device).value();
        CHECK(rasterizer(cone.gaussians(), cone.camera).value().colour == want.colour);
    }
}

TEST_CASE("the kernels render what the CPU does", "[gpu]") {
    const Cone cone(300'000);
    const auto want = generator::rasterize(cone.gaussians(), cone.camera).value();
    const auto got = generator::rasterize_cuda(cone.gaussians(), cone.camera).value();
    tests::check_pixels(got.colour, want.colour, 3);
    tests::check_pixels(got.alpha, want.alpha, 1);
    tests::check_pixels(got.depth, want.depth, 1);
    CHECK(got.drawn == want.drawn);
    const auto again = generator::rasterize_cuda(cone.gaussians(), cone.camera).value();
    CHECK(again.colour == got.colour);
}

TEST_CASE("the kernels leave out and count what is not finite, and render nothing of nothing",
          "[gpu]") {
    Cone cone(100);
    cone.scene.mean[3][1] = std::numeric_limits<float>::quiet_NaN();
    cone.scene.scale[5][0] = std::numeric_limits<float>::infinity();
    cone.splats.rotation[7] = {0, 0, 0, 0};
    const auto want = generator::rasterize(cone.gaussians(), cone.camera).value();
    const auto got = generator::rasterize_cuda(cone.gaussians(), cone.camera).value();
    CHECK(got.not_numbers == 3);
    CHECK(got.drawn == want.drawn);
    tests::check_pixels(got.colour, want.colour, 3);
    const auto empty = generator::rasterize_cuda({}, cone.camera).value();
    CHECK(empty.drawn == 0);
    CHECK(std::all_of(empty.colour.begin(), empty.colour.end(), [](float v) { return v == 1; }));
    cone.camera.width = 0;
    CHECK(generator::rasterize_cuda({}, cone.camera).error().code ==
          generator::Errc::empty_picture);
}

TEST_CASE("rendering time on a GPU", "[.][benchmark]") {
    const Cone cone(300'000);
    double best = 1e9;
    for (int i = 0; i < 20; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        const auto rendering = generator::rasterize_cuda(cone.gaussians(), cone.camera).value();
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - begun;
        best = std::min(best, took.count());
        REQUIRE(rendering.drawn == 300'000);
    }
    WARN("with copies there and back: " << best << " ms");
}
