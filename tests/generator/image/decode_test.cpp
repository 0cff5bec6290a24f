#include "generator/image/decode.hpp"

#include "generator/errc.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <algorithm>
#include <random>

using generator::Errc;
using generator::Image;
using tests::Bytes;

namespace {

std::string folder(const std::string& file) { return "pillow/decode/" + file; }

void put_big(Bytes& bytes, std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes[at + i] = std::uint8_t(value >> (24 - 8 * i));
}

// Either a whole picture within its limits, or a refusal in words; returns whether it is one.
bool is_refused(const config::Result<Image>& image, std::int64_t max_pixels) {
    if (!image) return !image.error().message().empty();
    const auto pixels = std::int64_t(image->width) * image->height;
    CHECK(pixels > 0);
    CHECK(pixels <= max_pixels);
    CHECK(std::int64_t(image->pixels.size()) == pixels * image->channels);
    return false;
}

// Every prefix up to 100 bytes and a spread of longer ones; then single and multiple flipped
// bytes.
void torment(const Bytes& good, int flips) {
    constexpr std::int64_t kMaxPixels = 1'000'000;
    const generator::DecodeLimits limits{.max_pixels = kMaxPixels};
    const std::size_t step = std::max<std::size_t>(1, good.size() / 400);
    for (std::size_t size = 0; size < good.size(); size += size < 100 ? 1 : step) {
        const bool refused = is_refused(generator::decode({good.data(), size}, limits), kMaxPixels);
        if (size < 12) CHECK(refused);  // not even a signature and a size
    }
    int whole = 0, refusals = 0;
    std::mt19937 random(7);
    for (int i = 0; i < flips; ++i) {
        Bytes bad = good;
        for (unsigned n = 1 + random() % 4; n-- > 0;) {
            // Headers matter most, so half of the flips go there.
            const std::size_t range =
                random() % 2 ? bad.size() : std::min<std::size_t>(bad.size(), 200);
            bad[random() % range] = std::uint8_t(random());
        }
        ++(is_refused(generator::decode(bad, limits), kMaxPixels) ? refusals : whole);
    }
    CHECK(refusals > 0);
    CHECK(whole + refusals == flips);
}

}  // namespace

TEST_CASE("pictures of every kind decode as Pillow does, to the bit") {
    int seen = 0;
    for (const auto& [name, entry] : tests::golden_json(folder("manifest.json"))) {
        const auto& about = entry.as_object();
        const std::string file(name);
        INFO(file);
        // Grey of 16 bits: Pillow clips it, which is no parity to aim for; see the case below.
        if (file == "gray16.png" || about.contains("error")) continue;
        if (file.starts_with("exif")) continue;
        const auto image = generator::decode(tests::golden(folder(file)));
        REQUIRE(image.has_value());
        CHECK(image->width == about.at("size").at(0).to_number<int>());
        CHECK(image->height == about.at("size").at(1).to_number<int>());
        CHECK(image->channels == 4);
        CHECK(tests::sha256(image->pixels) == about.at("rgba_sha256").as_string());
        ++seen;
    }
    CHECK(seen == 25);
}

// The forms of ops/golden/forms.py, by name.
std::vector<std::pair<std::string, Bytes>> forms() {
    std::vector<std::pair<std::string, Bytes>> forms;
    for (const auto& [name, form] : tests::golden_json("pillow/forms.json"))
        forms.emplace_back(name, tests::base64(form, "file"));
    return forms;
}

TEST_CASE(
    "every form of GIF, BMP and TIFF, and every way to say how it is turned, is as in Pillow") {
    const auto all = tests::golden_json("pillow/forms.json");
    CHECK(all.size() == 180);
    for (const auto& [name, file] : forms()) {
        INFO(name);
        const auto& form = all.at(name);
        const auto image = generator::decode(file);
        if (!image) FAIL_CHECK(image.error().message());
        if (!image) continue;
        CHECK(image->width == form.at("size").at(0).to_number<int>());
        CHECK(image->height == form.at("size").at(1).to_number<int>());
        CHECK(tests::sha256(image->pixels) == form.at("rgba_sha256").as_string());
    }
}

TEST_CASE("what a TIFF or BMP has that is not read is said") {
    const auto all = tests::golden_json("pillow/forms.json");
    const auto file = [&](const char* name) { return tests::base64(all.at(name), "file"); };
    const auto words = [](const Bytes& bytes) {
        const auto image = generator::decode(bytes);
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().code == Errc::broken_picture);
        return image.error().detail;
    };
    // Entries of a little-endian directory: tag, type, count, value.
    const auto with_tag = [&](Bytes tiff, std::uint8_t tag, std::uint8_t value) {
        const Bytes entry = {tag, 1, 3, 0, 1, 0, 0, 0};
        const auto at = std::search(tiff.begin() + 8, tiff.end(), entry.begin(), entry.end());
        REQUIRE(at != tiff.end());
        at[8] = value;
        return tiff;
    };
    const auto grey = file("tiff/grey");
    CHECK_THAT(words(with_tag(grey, 0x03, 6)), Catch::Contains("JPEG of the old kind"));
    CHECK_THAT(words(with_tag(grey, 0x03, 99)), Catch::Contains("compression 99"));
    CHECK_THAT(words(with_tag(grey, 0x02, 32)), Catch::Contains("samples of 32 bits"));
    CHECK_THAT(words(with_tag(grey, 0x06, 8)), Catch::Contains("colours of kind 8"));
    auto bmp = file("bmp/24");
    bmp[30] = 4;
    CHECK_THAT(words(bmp), Catch::Contains("compression 4"));
    bmp = file("bmp/24");
    bmp[28] = 23;
    CHECK_THAT(words(bmp), Catch::Contains("23 bits"));
    bmp = file("bmp/16_565");
    bmp[54] = 0x10;
    CHECK_THAT(words(bmp), Catch::Contains("bit fields"));
    CHECK_THAT(words({'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0, 0, 0, ';'}),
               Catch::Contains("without a picture"));
}

TEST_CASE("GIF, BMP and TIFF that claim more pixels than allowed are refused before any is made") {
    const auto all = tests::golden_json("pillow/forms.json");
    for (const auto& [name, at, size] : std::vector<std::tuple<std::string, std::size_t, int>>{
             {"gif/palette", 6, 2}, {"bmp/24", 18, 4}, {"bmp/os2_8", 18, 2}}) {
        INFO(name);
        auto bytes = tests::base64(all.at(name), "file");
        for (const std::size_t side : {at, at + std::size_t(size)}) bytes[side + 1] = 0xF0;
        const auto image = generator::decode(bytes);
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().code == Errc::picture_too_large);
        const auto small = tests::base64(all.at(name), "file");
        CHECK(generator::decode(small, {.max_pixels = 13 * 10}).has_value());
        CHECK(generator::decode(small, {.max_pixels = 13 * 10 - 1}).error().code ==
              Errc::picture_too_large);
    }
    // Width and length of a TIFF, and a tile of 64 GiB in a picture of 30 x 40.
    const auto tiled = tests::base64(all.at("tiff/rgb_tiles"), "file");
    CHECK(generator::decode(tiled, {.max_pixels = 39 * 40 - 1}).error().code ==
          Errc::picture_too_large);
    auto bomb = tiled;
    for (const std::uint8_t tag : {std::uint8_t(0x42), std::uint8_t(0x43)}) {
        const Bytes entry = {tag, 1};
        const auto found = std::search(bomb.begin() + 8, bomb.end(), entry.begin(), entry.end());
        REQUIRE(found != bomb.end());
        found[2] = 4;  // a long number
        found[3] = 0;
        found[8] = 0, found[9] = 0, found[10] = 2, found[11] = 0;
    }
    CHECK_FALSE(generator::decode(bomb).has_value());
    // Dimensions of nothing.
    auto flat = tests::base64(all.at("bmp/24"), "file");
    flat[22] = 0;
    CHECK(generator::decode(flat).error().code == Errc::empty_picture);
}

TEST_CASE("grey of 16 bits keeps its high byte") {
    const auto image = generator::decode(tests::golden(folder("gray16.png")));
    REQUIRE(image.has_value());
    REQUIRE(image->width == 160);
    bool is_grey = true, varies = false;
    for (std::size_t i = 0; i < image->pixels.size(); i += 4) {
        const auto* p = &image->pixels[i];
        is_grey &= p[0] == p[1] && p[1] == p[2] && p[3] == 255;
        varies |= p[0] > 64 && p[0] < 192;
    }
    CHECK(is_grey);
    CHECK(varies);
}

TEST_CASE("a picture is turned as EXIF says") {
    const auto turned = generator::decode(tests::golden(folder("exif_orientation6_q85.jpg")));
    const auto expected =
        generator::decode(tests::golden(folder("exif_orientation6_q85.jpg.transposed.rgba.png")));
    REQUIRE(turned.has_value());
    REQUIRE(expected.has_value());
    CHECK(turned->width == expected->width);
    CHECK(turned->pixels == expected->pixels);
}

TEST_CASE("what is no picture is refused, naming what is accepted") {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"....ftypavif....", "an AVIF"},
             {"....ftypheic....", "a HEIC"},
             {"<svg xmlns=", "SVG"},
             {"version https://git-lfs.github.com/spec/v1\noid sha256:", "git-lfs pointer"},
             {"hello", "5 bytes of something else"}}) {
        const auto image = generator::decode(Bytes(text.begin(), text.end()));
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().code == Errc::not_a_picture);
        CHECK_THAT(image.error().message(),
                   Catch::Contains(word) && Catch::Contains("PNG, JPEG, WebP, GIF, BMP and TIFF"));
    }
    CHECK(generator::decode({}).error().code == Errc::not_a_picture);
    const Bytes text = {'h', 'e', 'l', 'l', 'o'};
    CHECK(generator::decode(text).error().code == Errc::not_a_picture);
}

TEST_CASE("a damaged picture is refused") {
    for (const std::string file : {"truncated.jpg", "bad_crc.png"}) {
        const auto image = generator::decode(tests::golden(folder(file)));
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().code == Errc::broken_picture);
        CHECK_FALSE(image.error().detail.empty());
    }
    for (const std::string file : {"rgb16.png", "interlaced_rgba.png", "progressive_444_q90.jpg",
                                   "cmyk_q85.jpg", "lossless_rgba.webp", "lossy_rgba_q75.webp"}) {
        INFO(file);
        Bytes cut = tests::golden(folder(file));
        cut.resize(cut.size() * 2 / 3);
        const auto image = generator::decode(cut);
        REQUIRE_FALSE(image.has_value());
        CHECK(image.error().code == Errc::broken_picture);
    }
}

TEST_CASE("a picture without width or height is empty") {
    Bytes png = tests::golden(folder("gray8.png"));
    put_big(png, 16, 0);
    CHECK(generator::decode(png).error().code == Errc::empty_picture);

    Bytes jpeg = tests::golden(folder("gray_q80.jpg"));
    const Bytes frame = {0xFF, 0xC0};
    const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
    REQUIRE(at != jpeg.end());
    at[7] = at[8] = 0;  // width, after length, precision and height
    CHECK(generator::decode(jpeg).error().code == Errc::empty_picture);
}

TEST_CASE("a picture that claims more pixels than allowed is refused by its header") {
    Bytes png = tests::golden(folder("gray8.png"));
    put_big(png, 16, 60'000);
    put_big(png, 20, 60'000);
    auto image = generator::decode(png);
    REQUIRE_FALSE(image.has_value());
    CHECK(image.error().code == Errc::picture_too_large);
    CHECK(image.error().detail.find("60000 x 60000") != std::string::npos);

    put_big(png, 16, 0xFFFFFFFF);
    CHECK(generator::decode(png).error().code == Errc::picture_too_large);

    for (const std::string file : {"rgb16.png", "gray_q80.jpg", "lossy_rgb_q80.webp"}) {
        INFO(file);
        const Bytes bytes = tests::golden(folder(file));
        CHECK(generator::decode(bytes, {.max_pixels = 160 * 120}).has_value());
        CHECK(generator::decode(bytes, {.max_pixels = 160 * 120 - 1}).error().code ==
              Errc::picture_too_large);
        CHECK(generator::decode(bytes, {.max_side = 159}).error().code == Errc::picture_too_large);
        const auto size = std::int64_t(bytes.size());
        CHECK(generator::decode(bytes, {.max_bytes = size}).has_value());
        CHECK(generator::decode(bytes, {.max_bytes = size - 1}).error().code ==
              Errc::picture_too_large);
    }
}

TEST_CASE("a progressive JPEG with scans beyond number is refused") {
    Bytes jpeg = tests::golden(folder("progressive_444_q90.jpg"));
    // The last scan, again and again: from its marker to the end of the picture.
    const Bytes marker = {0xFF, 0xDA};
    const auto scan = std::find_end(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
    REQUIRE(scan != jpeg.end());
    const Bytes again(scan, jpeg.end() - 2);
    REQUIRE(generator::decode(jpeg).has_value());
    for (int i = 0; i < 100; ++i) jpeg.insert(jpeg.end() - 2, again.begin(), again.end());
    const auto image = generator::decode(jpeg);
    REQUIRE_FALSE(image.has_value());
    CHECK(image.error().detail.find("scans") != std::string::npos);
}

TEST_CASE("no damage to a picture does more than fail") {
    for (const std::string file :
         {"gray1.png", "gray4.png", "gray8_trns.png", "palette_trns.png", "interlaced_rgb_odd.png",
          "odd_422_q70_restart.jpg", "exif_orientation6_q85.jpg", "gray_q80.jpg",
          "lossy_rgba_q75.webp", "lossy_rgb_q80.webp"}) {
        INFO(file);
        torment(tests::golden(folder(file)), 300);
    }
}

TEST_CASE("no damage to a form does more than fail") {
    for (const auto& [name, file] : forms()) {
        INFO(name);
        torment(file, name.starts_with("turned") ? 20 : 120);
    }
    SUCCEED();
}

TEST_CASE("an encoded PNG decodes to the same pixels") {
    Image image{7, 5, 4, {}};
    for (int i = 0; i < 7 * 5 * 4; ++i) image.pixels.push_back(std::uint8_t(i * 37));
    const auto again = generator::decode(generator::encode_png(image));
    REQUIRE(again.has_value());
    CHECK(again->pixels == image.pixels);

    Image rgb{3, 2, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}};
    const auto with_alpha = generator::decode(generator::encode_png(rgb));
    REQUIRE(with_alpha.has_value());
    CHECK(Bytes(with_alpha->pixels.begin(), with_alpha->pixels.begin() + 8) ==
          Bytes{1, 2, 3, 255, 4, 5, 6, 255});
    CHECK(generator::encode_png({}).empty());
}
