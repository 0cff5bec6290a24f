#include "generator/image/enhance.hpp"

#include "generator/errc.hpp"
#include "tests/generator/image/pillow_cases.hpp"
#include "tests/support/any_processor.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <map>

using generator::Errc;
using generator::Image;

namespace {

// Suffixes of the golden files that are operations, as chains of ours.
std::vector<std::string> chain_of(const std::string& suffix) {
    static const std::map<std::string, std::vector<std::string>> kChains = {
        {"chain_standard", {"sharpness:3.5", "contrast:1.8"}},
        {"chain_detail_standard", {"detail", "sharpness:3.5", "contrast:1.8"}},
        {"chain_extreme", {"sharpness:5.0", "contrast:2.5", "edge_enhance", "brightness:1.1"}},
        {"detail", {"detail"}},
        {"edge_enhance", {"edge_enhance"}},
        {"smooth", {"smooth"}},
    };
    if (const auto known = kChains.find(suffix); known != kChains.end()) return known->second;
    for (const std::string name : {"sharpness", "contrast", "brightness", "color"}) {
        if (suffix.starts_with(name + "_")) return {name + ":" + suffix.substr(name.size() + 1)};
    }
    return {};
}

Image noise(int width, int height, int channels) {
    Image image{width, height, channels, {}};
    std::uint32_t state = 1;
    for (int i = 0; i < width * height * channels; ++i) {
        state = state * 1664525 + 1013904223;
        image.pixels.push_back(std::uint8_t(state >> 24));
    }
    return image;
}

Image one(const Image& image, const std::string& operation) {
    return generator::enhance(image, {generator::parse_operation(operation).value()});
}

}  // namespace

TEST_CASE("every operation and chain equals Pillow's, to the bit, with AVX2 and without") {
    int seen = 0;
    for (const auto& test : tests::pillow_cases()) {
        const auto texts = chain_of(test.suffix);
        if (texts.empty()) continue;
        INFO(test.name << "." << test.suffix);
        const auto chain = generator::parse_chain(texts);
        REQUIRE(chain.has_value());
        for (const bool hidden : {false, true}) {
            const tests::AvxHidden scope(hidden);
            CHECK(tests::sha256(generator::enhance(test.input, *chain).pixels) == test.sha256);
        }
        ++seen;
    }
    CHECK(seen == 5 * 12);
}

TEST_CASE("a picture of many bands is enhanced the same by any number of threads") {
    const auto chain = generator::parse_chain({"sharpness:5.0", "contrast:2.5", "edge_enhance",
                                               "color:1.5", "brightness:1.1"})
                           .value();
    for (const int channels : {1, 2, 3, 4}) {
        INFO(channels << " channels");
        const Image image = noise(601, 1303, channels);
        Image alone;
        {
            const tests::AvxHidden scope(true);
            alone = generator::enhance(image, chain, 1);
        }
        CHECK(alone.pixels != image.pixels);
        for (const int threads : {1, 2, 7})
            CHECK(generator::enhance(image, chain, threads).pixels == alone.pixels);
        // Bands must not show: a part of the picture becomes what it would be by itself, but for
        // its outermost rows, which filters leave alone.
        const auto sharper = generator::parse_chain({"sharpness:3"}).value();
        const Image whole = generator::enhance(image, sharper, 7);
        const auto begin = image.pixels.begin() + std::ptrdiff_t(400 * image.row_bytes());
        const Image part{
            image.width, 600, channels, {begin, begin + std::ptrdiff_t(600 * image.row_bytes())}};
        const Image sharpened = generator::enhance(part, sharper, 1);
        const auto row = std::ptrdiff_t(image.row_bytes());
        CHECK(std::equal(sharpened.pixels.begin() + row, sharpened.pixels.end() - row,
                         whole.pixels.begin() + 401 * row));
    }
}

TEST_CASE("factor 1 changes nothing and factor 0 leaves the degenerate picture") {
    for (const int channels : {1, 2, 3, 4}) {
        const Image image = noise(9, 8, channels);
        for (const std::string name : {"sharpness", "contrast", "brightness", "color"}) {
            CHECK(one(image, name + ":1").pixels == image.pixels);
        }
        const Image black = one(image, "brightness:0");
        const bool has_alpha = channels % 2 == 0;
        for (std::size_t i = 0; i < black.pixels.size(); ++i) {
            const bool is_alpha = has_alpha && i % channels == std::size_t(channels - 1);
            CHECK(black.pixels[i] == (is_alpha ? image.pixels[i] : 0));
        }
    }
}

TEST_CASE("a picture too small for a kernel is left alone") {
    for (const auto& [width, height] : {std::pair{2, 9}, {9, 2}, {1, 1}}) {
        const Image image = noise(width, height, 4);
        CHECK(one(image, "detail").pixels == image.pixels);
        CHECK(one(image, "sharpness:5").pixels == image.pixels);
    }
    CHECK(one({}, "contrast:2").pixels.empty());
}

TEST_CASE("an operation that does not exist is refused, naming those that do") {
    for (const std::string text :
         {"", "sharpen:3", "sharpness", "sharpness:", "sharpness:x", "sharpness:3.5x", "detail:2",
          "sharpness:-1", "sharpness:nan", "sharpness:inf", "sharpness:101", "Sharpness:2",
          "sharpness:3:5", " sharpness:3"}) {
        INFO(text);
        const auto operation = generator::parse_operation(text);
        REQUIRE_FALSE(operation.has_value());
        CHECK(operation.error().code == Errc::bad_operation);
        CHECK(operation.error().detail.find("edge_enhance") != std::string::npos);
    }
    CHECK(generator::parse_chain({"detail", "nonsense"}).error().code == Errc::bad_operation);
    CHECK(generator::parse_operation("contrast:2").value().factor == 2.F);
    CHECK(generator::parse_chain({}).value().empty());
}
