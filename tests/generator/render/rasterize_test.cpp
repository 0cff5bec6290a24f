#include "generator/render/rasterize.hpp"

#include "generator/errc.hpp"
#include "tests/generator/render/render_cases.hpp"
#include "tests/generator/splat/splat_cases.hpp"

#include <chrono>
#include <limits>

using generator::Errc;
using generator::RasterizeOptions;
using generator::Vectors;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();

void check_golden(const std::string& file, const std::string& prefix, bool antialiased) {
    const tests::GoldenScene scene(file);
    for (const auto vectors : {Vectors::best, Vectors::avx2, Vectors::plain}) {
        INFO(file << ", vectors " << int(vectors));
        const auto rendering =
            generator::rasterize(
                scene.gaussians(), scene.camera,
                {.background = scene.background, .antialiased = antialiased, .vectors = vectors})
                .value();
        tests::check_pixels(rendering.colour, tests::golden_tensor<float>(file, prefix + "colour"),
                            3);
        tests::check_pixels(rendering.alpha, tests::golden_tensor<float>(file, prefix + "alpha"),
                            1);
        tests::check_pixels(rendering.depth, tests::golden_tensor<float>(file, prefix + "depth"),
                            1);
        CHECK(rendering.not_numbers == 0);
        if (antialiased) continue;
        const auto visible = tests::golden_tensor<std::uint8_t>(file, "visible");
        CHECK(rendering.drawn == std::count(visible.begin(), visible.end(), 1));
    }
}

generator::Rendering render(const tests::GoldenScene& scene, RasterizeOptions options = {}) {
    options.background = scene.background;
    return generator::rasterize(scene.gaussians(), scene.camera, options).value();
}

bool same(const generator::Rendering& a, const generator::Rendering& b) {
    return a.colour == b.colour && a.alpha == b.alpha && a.depth == b.depth && a.drawn == b.drawn;
}

// One Gaussian in the middle of 32 x 32 pixels, seen from z = -2.
struct One {
    std::vector<std::array<float, 3>> mean{{0, 0, 0}}, scale{{0.1F, 0.1F, 0.1F}},
        colour{{1, 0.5F, 0}};
    std::vector<std::array<float, 4>> rotation{{1, 0, 0, 0}};
    std::vector<float> opacity{0.8F};
    generator::Camera camera{.view = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 2}}},
                             .focal_x = 32,
                             .focal_y = 32,
                             .centre_x = 16,
                             .centre_y = 16,
                             .width = 32,
                             .height = 32};

    auto render(const RasterizeOptions& options = {}) const {
        return generator::rasterize({mean, rotation, scale, opacity, colour}, camera, options);
    }
};

bool is_blank(const generator::Rendering& rendering) {
    return std::all_of(rendering.colour.begin(), rendering.colour.end(),
                       [](float value) { return value == 1; });
}

}  // namespace

TEST_CASE("hard cases come out as by gsplat's rules") {
    check_golden("gsplat/random_300.safetensors", "", false);
    check_golden("gsplat/random_300.safetensors", "antialiased_", true);
}

TEST_CASE("a shell of thousands comes out as by gsplat's rules") {
    check_golden("gsplat/shell_5000.safetensors", "", false);
}

TEST_CASE("a rendering is the same bits for any number of threads") {
    const tests::GoldenScene scene("gsplat/shell_5000.safetensors");
    const auto one = render(scene, {.threads = 1});
    for (const int threads : {2, 3, 16}) CHECK(same(render(scene, {.threads = threads}), one));
}

TEST_CASE("what is not finite is left out and counted, and nothing else changes") {
    tests::GoldenScene scene("gsplat/random_300.safetensors");
    const auto before = render(scene);
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
        for (int field = 0; field < 6; ++field) {
            scene.mean.push_back(scene.mean[0]);
            scene.rotation.push_back({1, 0, 0, 0});
            scene.scale.push_back({1, 1, 1});
            scene.opacity.push_back(1);
            scene.colour.push_back({1, 1, 1});
            if (field == 0) scene.mean.back()[1] = bad;
            if (field == 1) scene.rotation.back()[2] = bad;
            if (field == 2) scene.scale.back()[0] = bad;
            if (field == 3) scene.opacity.back() = bad;
            if (field == 4) scene.colour.back()[2] = bad;
            if (field == 5) scene.rotation.back() = {0, 0, 0, 0};
        }
    }
    const auto after = render(scene);
    CHECK(same(after, before));
    CHECK(after.not_numbers == 18);
}

TEST_CASE("the largest numbers, smallest sizes and empty scenes are drawn or not, without harm") {
    for (const auto vectors : {Vectors::best, Vectors::plain}) {
        for (const float value : {kLargest, -kLargest, 1e30F, 1e20F, 1e-38F, 1e-45F, 0.F}) {
            One one;
            one.mean[0] = {value, -value, 0};
            CHECK(one.render({.vectors = vectors}).has_value());
            one.scale[0] = {value, value, value};
            CHECK(one.render({.vectors = vectors}).has_value());
            one.mean[0] = {0, 0, 0};
            CHECK(one.render({.vectors = vectors}).has_value());
            one.scale[0] = {value, 0, 1e-3F};
            one.rotation[0] = {value, 1, value, 0};
            CHECK(one.render({.eps2d = 0, .vectors = vectors}).has_value());
            one.opacity[0] = value;
            one.colour[0] = {value, -value, 0};
            CHECK(one.render({.antialiased = true, .vectors = vectors}).has_value());
        }
    }
    const auto empty = generator::rasterize({}, One().camera).value();
    CHECK(is_blank(empty));
    CHECK(empty.drawn == 0);
}

TEST_CASE("a Gaussian has its opacity in the middle, at its depth, and ends where it is faint") {
    One one;
    one.camera.centre_x = one.camera.centre_y = 16.5;
    const auto rendering = one.render({.background = {0, 0, 0}}).value();
    const std::size_t middle = 16 * 32 + 16;
    CHECK(rendering.alpha[middle] == Approx(0.8));
    CHECK(rendering.colour[3 * middle] == Approx(0.8));
    CHECK(rendering.colour[3 * middle + 1] == Approx(0.4));
    CHECK(rendering.depth[middle] == Approx(1.6));
    // variance: (0.1 * 32 / 2)^2 + 0.3 pixels
    CHECK(rendering.alpha[middle + 2] == Approx(0.8 * std::exp(-2 / 2.86)).epsilon(1e-5));
    CHECK(rendering.alpha[middle + 6] == 0);
    CHECK(rendering.drawn == 1);
}

TEST_CASE("what lies outside near and far or is too faint is not drawn") {
    One one;
    CHECK_FALSE(is_blank(one.render().value()));
    one.camera.near = 2.1;
    CHECK(is_blank(one.render().value()));
    one.camera.near = 0.01;
    one.camera.far = 1.9;
    CHECK(is_blank(one.render().value()));
    one.camera.far = 2;
    CHECK_FALSE(is_blank(one.render().value()));
    one.opacity[0] = 0.0039F;
    CHECK(is_blank(one.render().value()));
    one.opacity[0] = -1;
    CHECK(is_blank(one.render().value()));
}

TEST_CASE("more Gaussians than are listed at once leave the same picture") {
    // Each covers all of the 128 x 128 tiles: 700 of them are more than eight million entries.
    One one;
    one.camera.width = one.camera.height = 2048;
    one.camera.centre_x = one.camera.centre_y = 1024;
    one.mean.assign(700, {0, 0, 0});
    one.rotation.assign(700, {1, 0, 0, 0});
    one.scale.assign(700, {1000, 1000, 1000});
    one.opacity.assign(700, 0.01F);
    one.colour.assign(700, {1, 0, 0});
    const auto rendering = one.render({.background = {0, 0, 0}}).value();
    const double expected = 1 - std::pow(0.99, 700);
    for (const std::size_t pixel : {std::size_t(0), std::size_t(2048 * 2048 - 1)}) {
        CHECK(rendering.alpha[pixel] == Approx(expected).epsilon(1e-4));
        CHECK(rendering.colour[3 * pixel] == Approx(expected).epsilon(1e-4));
    }
}

TEST_CASE("cameras and arrays that make no sense are refused") {
    const auto refused = [](auto change) {
        One one;
        change(one);
        const auto result = one.render();
        REQUIRE(result.has_error());
        return result.error().code;
    };
    CHECK(refused([](One& one) { one.camera.width = 0; }) == Errc::empty_picture);
    CHECK(refused([](One& one) { one.camera.height = -5; }) == Errc::empty_picture);
    CHECK(refused([](One& one) { one.camera.width = 1 << 30; }) == Errc::picture_too_large);
    CHECK(refused([](One& one) { one.camera.focal_x = 0; }) == Errc::internal);
    CHECK(refused([](One& one) { one.camera.near = -1; }) == Errc::internal);
    CHECK(refused([](One& one) { one.camera.view[1][2] = kNan; }) == Errc::internal);
    CHECK(refused([](One& one) { one.opacity.clear(); }) == Errc::internal);
    CHECK(refused([](One& one) { one.colour.resize(2); }) == Errc::internal);
}

TEST_CASE("a rendering stops when asked to") {
    std::stop_source stop;
    stop.request_stop();
    const auto result = One().render({.stop = stop.get_token()});
    REQUIRE(result.has_error());
    CHECK(result.error().code == Errc::cancelled);
}

// 300 thousand Gaussians as TRELLIS makes them: run with [benchmark], in a Release build.
TEST_CASE("rendering time", "[.][benchmark]") {
    auto splats = generator::store(tests::cone(300'000));
    for (auto& scale : splats.log_scale) scale = {-5.5F, -5.5F, -5.5F};
    const auto scene = generator::validator_scene(splats);
    for (const int threads : {1, 2}) {
        double best = 1e9;
        for (int i = 0; i < 10; ++i) {
            const auto begun = std::chrono::steady_clock::now();
            const auto rendering =
                generator::rasterize(generator::gaussians(scene, splats.rotation),
                                     generator::orbit_camera(generator::validator_orbit(1)),
                                     {.threads = threads})
                    .value();
            const std::chrono::duration<double, std::milli> took =
                std::chrono::steady_clock::now() - begun;
            best = std::min(best, took.count());
            REQUIRE(rendering.drawn == 300'000);
        }
        WARN(threads << " threads: " << best << " ms");
    }
}
