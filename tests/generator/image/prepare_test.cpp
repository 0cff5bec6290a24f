#include "generator/image/prepare.hpp"

#include "generator/errc.hpp"
#include "tests/generator/image/pillow_cases.hpp"
#include "tests/support/catch.hpp"

using generator::Errc;
using generator::Image;

namespace {

Image filled(int width, int height, std::array<std::uint8_t, 4> colour) {
    Image image{width, height, 4, {}};
    for (int i = 0; i < width * height; ++i) {
        image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
    }
    return image;
}

std::uint8_t* pixel(Image& image, int x, int y) {
    return &image.pixels[(std::size_t(y) * image.width + x) * image.channels];
}

}  // namespace

TEST_CASE("a cut-out is prepared as TRELLIS does, to the bit") {
    const auto manifest = tests::golden_json("pillow/manifest.json");
    const auto& object = manifest.at("pictures").at("object").as_object();
    const auto prepared = generator::prepare(tests::pillow_picture("object", object), 518);
    REQUIRE(prepared.has_value());
    CHECK(prepared->channels == 3);
    CHECK(tests::sha256(prepared->pixels) ==
          object.at("trellis_preprocess").at("u8_sha256").as_string());

    // The float picture before it became bytes.
    const auto window = tests::golden_tensor<float>("pillow/object.trellis_preprocess.safetensors",
                                                    "premultiplied_f32_crop_y200_x200_64x64");
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 64 * 3; ++x) {
            const float expected = window[y * 64 * 3 + x] * 255;
            REQUIRE(prepared->pixels[(200 + y) * prepared->row_bytes() + 200 * 3 + x] ==
                    int(expected));
        }
    }
}

TEST_CASE("a cut-out fills five sixths of the square whatever its place and size") {
    Image image = filled(200, 120, {9, 9, 9, 0});
    for (int y = 80; y <= 100; ++y) {
        for (int x = 10; x <= 50; ++x) {
            auto* p = pixel(image, x, y);
            p[0] = 200, p[1] = 100, p[2] = 50, p[3] = 255;
        }
    }
    auto prepared = generator::prepare(image, 96);
    REQUIRE(prepared.has_value());
    CHECK(pixel(*prepared, 48, 48)[0] == 200);
    CHECK(pixel(*prepared, 10, 48)[0] > 190);  // Lanczos overshoots at edges
    CHECK(pixel(*prepared, 3, 48)[0] < 10);
    CHECK(pixel(*prepared, 48, 10)[0] < 10);
}

TEST_CASE("an opaque picture is taken whole, centred in a square over black") {
    auto wide = generator::prepare(filled(200, 100, {200, 100, 50, 255}), 64);
    REQUIRE(wide.has_value());
    CHECK(wide->width == 64);
    CHECK(wide->height == 64);
    CHECK(pixel(*wide, 32, 32)[0] == 200);
    CHECK(pixel(*wide, 0, 32)[1] == 100);
    CHECK(pixel(*wide, 32, 4)[0] == 0);
    CHECK(pixel(*wide, 32, 60)[0] == 0);
    auto narrow = generator::prepare(filled(3, 60'000, {200, 100, 50, 255}), 64);
    REQUIRE(narrow.has_value());
    CHECK(pixel(*narrow, 2, 32)[0] == 0);
}

TEST_CASE("a picture of which nothing can be seen is empty") {
    CHECK(generator::prepare(filled(20, 20, {255, 255, 255, 0}), 64).error().code ==
          Errc::empty_picture);
    for (const std::uint8_t alpha : {std::uint8_t(255), std::uint8_t(100)}) {
        Image dot = filled(20, 20, {255, 255, 255, 0});
        pixel(dot, 4, 4)[3] = alpha;
        CHECK(generator::prepare(dot, 64).error().code == Errc::empty_picture);
        pixel(dot, 5, 4)[3] = alpha;
        CHECK(generator::prepare(dot, 64).error().code == Errc::empty_picture);
        pixel(dot, 6, 4)[3] = alpha;
        CHECK(generator::prepare(dot, 64).has_value());
    }
}

TEST_CASE("a faint picture is taken as if its most opaque pixel were opaque") {
    for (const std::uint8_t alpha : {std::uint8_t(204), std::uint8_t(128), std::uint8_t(1)}) {
        Image faint = filled(40, 40, {10, 20, 30, 0}), strong = faint;
        for (int y = 12; y < 28; ++y)
            for (int x = 10; x < 30; ++x) {
                pixel(faint, x, y)[3] = alpha;
                pixel(strong, x, y)[3] = 255;
            }
        const auto prepared = generator::prepare(faint, 64);
        REQUIRE(prepared.has_value());
        CHECK(prepared->pixels == generator::prepare(strong, 64)->pixels);
    }
    // What is fainter stays so, and what is too faint for the crop lies outside of it.
    Image halves = filled(60, 20, {200, 200, 200, 0});
    for (int y = 5; y < 15; ++y)
        for (int x = 5; x < 55; ++x) pixel(halves, x, y)[3] = x < 20 ? 120 : 110;
    auto prepared = generator::prepare(halves, 64);
    REQUIRE(prepared.has_value());
    CHECK(pixel(*prepared, 16, 32)[0] > 190);
    const int fainter = pixel(*prepared, 48, 32)[0];
    CHECK((fainter > 170 && fainter < 190));
}

TEST_CASE("around a single opaque pixel all that can be seen is taken") {
    Image image = filled(20, 20, {255, 255, 255, 0});
    for (int x = 5; x < 15; ++x) pixel(image, x, 10)[3] = 150;
    pixel(image, 8, 10)[3] = 255;
    CHECK(generator::prepare(image, 64).has_value());
}

TEST_CASE("a cut-out is told by its alpha") {
    Image image = filled(4, 4, {1, 2, 3, 255});
    CHECK_FALSE(generator::has_cutout(image));
    pixel(image, 3, 3)[3] = 254;
    CHECK(generator::has_cutout(image));
    CHECK_FALSE(generator::has_cutout({1, 1, 3, {1, 2, 3}}));
}
