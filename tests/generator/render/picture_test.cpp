#include "generator/render/picture.hpp"

#include "generator/image/decode.hpp"
#include "tests/generator/render/render_cases.hpp"
#include "tests/generator/splat/splat_cases.hpp"

#include <cstdlib>

using generator::Image;

namespace {

struct Hamburger {
    generator::StoredSplats splats = tests::golden_ply("gsplat/hamburger.ply");
    generator::Scene scene = generator::validator_scene(splats);

    generator::Rendering view(int index) const {
        return generator::rasterize(generator::gaussians(scene, splats.rotation),
                                    generator::orbit_camera(generator::validator_orbit(index)))
            .value();
    }
};

Image flat(int width, int height, std::uint8_t value) {
    return {width, height, 3, std::vector<std::uint8_t>(std::size_t(width * height * 3), value)};
}

}  // namespace

TEST_CASE("a validator's view of an asset is as by gsplat's rules") {
    const std::string file = "gsplat/validator_view_01.safetensors";
    const auto crop = tests::golden_tensor<std::int32_t>(file, "crop_xyxy");
    const auto whole = Hamburger().view(generator::kPreviewView);
    CHECK(whole.not_numbers == 0);
    std::vector<float> colour, alpha, depth;
    for (int y = crop[1]; y < crop[3]; ++y) {
        for (int x = crop[0]; x < crop[2]; ++x) {
            const std::size_t pixel = std::size_t(y * whole.width + x);
            colour.insert(colour.end(), &whole.colour[3 * pixel], &whole.colour[3 * pixel] + 3);
            alpha.push_back(whole.alpha[pixel]);
            depth.push_back(whole.depth[pixel]);
        }
    }
    tests::check_pixels(colour, tests::golden_tensor<float>(file, "colour"), 3);
    tests::check_pixels(alpha, tests::golden_tensor<float>(file, "alpha"), 1);
    tests::check_pixels(depth, tests::golden_tensor<float>(file, "depth"), 1);
}

TEST_CASE("the four views of a duel are the validator's pictures") {
    const Hamburger hamburger;
    for (const int index : generator::kDuelViews) {
        INFO("view " << index);
        const auto picture = generator::to_picture(hamburger.view(index));
        const std::string name = (index < 10 ? "0" : "") + std::to_string(index);
        const auto want = generator::decode(tests::golden("gsplat/view_" + name + ".png")).value();
        REQUIRE(want.width == picture.width);
        REQUIRE(want.height == picture.height);
        int off = 0, largest = 0;
        const int pixels = picture.width * picture.height;
        for (int i = 0; i < pixels; ++i) {
            int worst = 0;
            for (int c = 0; c < 3; ++c) {
                worst = std::max(
                    worst, std::abs(int(picture.pixels[3 * i + c]) - int(want.pixels[4 * i + c])));
            }
            largest = std::max(largest, worst);
            off += worst > 0;
        }
        CHECK(largest <= 1);
        CHECK(off < pixels / 1000);
    }
}

TEST_CASE("gsplat's own picture of an asset comes out within 65 dB") {
    // As it was taken: another box, another camera.
    auto splats = tests::golden_ply("gsplat/hamburger.ply");
    const auto scene = generator::validator_scene(splats);
    auto camera = generator::orbit_camera({.azimuth_degrees = 45,
                                           .elevation_degrees = 0,
                                           .radius = 3,
                                           .width = 1080,
                                           .height = 1080});
    // A box of 1 where the validator's is 1.5.
    generator::Scene smaller = scene;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        for (int c = 0; c < 3; ++c) {
            smaller.mean[i][c] /= 1.5F;
            smaller.scale[i][c] /= 1.5F;
        }
        const double opacity = 1 / (1 + std::exp(-double(splats.logit[i])));
        smaller.opacity[i] = float(std::min(1.0, opacity / (scene.zoom / 1.5)));
    }
    const auto rendering =
        generator::rasterize(generator::gaussians(smaller, splats.rotation), camera).value();
    const auto picture = generator::to_picture(rendering);
    const auto want =
        generator::decode(tests::golden("gsplat/hamburger_upstream_1080.png")).value();
    REQUIRE(want.width == 1080);
    double squares = 0;
    std::size_t values = 0;
    for (std::size_t i = 0; i < rendering.alpha.size(); ++i) {
        if (rendering.alpha[i] <= 0) continue;
        for (std::size_t c = 0; c < 3; ++c) {
            const double difference = double(picture.pixels[3 * i + c]) - want.pixels[4 * i + c];
            squares += difference * difference;
            ++values;
        }
    }
    REQUIRE(values > 100'000);
    const double decibels = 10 * std::log10(255.0 * 255.0 * double(values) / squares);
    CHECK(decibels > 65);
}

TEST_CASE("values are clamped and cut off to eight bits") {
    const generator::Rendering rendering{
        .width = 2, .height = 1, .colour = {-1, 0, 0.5F, 0.9999F, 1, 7}};
    CHECK(generator::to_picture(rendering).pixels ==
          std::vector<std::uint8_t>{0, 0, 127, 254, 255, 255});
}

TEST_CASE("pictures stand side by side with black between") {
    const std::vector<Image> pictures{flat(2, 1, 10), flat(2, 1, 20), flat(2, 1, 30)};
    const auto sheet = generator::contact_sheet(pictures, 2, 1);
    REQUIRE(sheet.width == 5);
    REQUIRE(sheet.height == 3);
    std::vector<int> red;
    for (std::size_t i = 0; i < sheet.pixels.size(); i += 3) red.push_back(sheet.pixels[i]);
    CHECK(red == std::vector<int>{10, 10, 0, 20, 20, 0, 0, 0, 0, 0, 30, 30, 0, 0, 0});
    CHECK(generator::contact_sheet({}, 2).pixels.empty());
}

TEST_CASE("an animation opens with its first frame") {
    generator::Animation animation(40, 30, 80);
    REQUIRE(animation.add(flat(40, 30, 200)).has_value());
    REQUIRE(animation.add(flat(40, 30, 20)).has_value());
    const auto bytes = animation.finish().value();
    const std::string text(bytes.begin(), bytes.end());
    CHECK(text.substr(0, 4) == "RIFF");
    CHECK(text.find("ANIM") != std::string::npos);
    const auto first = text.find("ANMF");
    REQUIRE(first != std::string::npos);
    CHECK(text.find("ANMF", first + 4) != std::string::npos);
    const auto frame = generator::decode(bytes).value();
    CHECK(frame.width == 40);
    CHECK(frame.height == 30);
    CHECK(std::abs(frame.pixels[0] - 200) < 8);
}

TEST_CASE("an animation larger than a WebP can be is refused") {
    generator::Animation animation(20'000, 1, 80);
    CHECK(animation.add(flat(20'000, 1, 0)).has_error());
    CHECK(animation.finish().has_error());
}
