#include "generator/image/resize.hpp"

#include "tests/generator/image/pillow_cases.hpp"
#include "tests/support/any_processor.hpp"
#include "tests/support/catch.hpp"

#include <optional>

using generator::Filter;
using generator::Image;
using generator::Window;

namespace {

std::optional<Filter> filter_of(const std::string& suffix) {
    if (suffix.starts_with("lanczos_")) return Filter::lanczos;
    if (suffix.starts_with("bicubic_")) return Filter::bicubic;
    if (suffix.starts_with("box_")) return Filter::box;
    return std::nullopt;
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

// The window with its zeros written out.
Image cut(const Image& image, const Window& window) {
    Image out{window.right - window.left, window.bottom - window.top, image.channels, {}};
    out.pixels.resize(out.row_bytes() * out.height);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            const int from_x = x + window.left, from_y = y + window.top;
            if (from_x < 0 || from_y < 0 || from_x >= image.width || from_y >= image.height)
                continue;
            for (int c = 0; c < image.channels; ++c) {
                out.pixels[(std::size_t(y) * out.width + x) * out.channels + c] =
                    image.pixels[(std::size_t(from_y) * image.width + from_x) * image.channels + c];
            }
        }
    }
    return out;
}

}  // namespace

TEST_CASE("every resize equals Pillow's, to the bit, with AVX2 and without") {
    int seen = 0;
    for (const auto& test : tests::pillow_cases()) {
        const auto filter = filter_of(test.suffix);
        if (!filter) continue;
        INFO(test.name << "." << test.suffix);
        for (const bool hidden : {false, true}) {
            const tests::AvxHidden scope(hidden);
            const Image out = generator::resize(test.input, test.width, test.height, *filter);
            CHECK(tests::sha256(out.pixels) == test.sha256);
        }
        ++seen;
    }
    CHECK(seen == 5 * 3);
}

TEST_CASE("a window beyond the picture equals the picture with zeros around it") {
    for (const int channels : {1, 2, 3, 4}) {
        const Image image = noise(31, 23, channels);
        for (const Window& window :
             {Window{-7, -9, 40, 38}, Window{5, -20, 25, 60}, Window{3, 4, 28, 20},
              Window{-50, 2, 3, 9}, Window{40, 40, 50, 50}}) {
            for (const Filter filter : {Filter::lanczos, Filter::bicubic, Filter::box}) {
                for (const auto& [width, height] :
                     {std::pair{17, 13}, {64, 64}, {47, 47}, {20, 80}}) {
                    const Image direct =
                        generator::resize_window(image, window, width, height, filter);
                    const Image whole =
                        generator::resize(cut(image, window), width, height, filter);
                    REQUIRE(direct.pixels == whole.pixels);
                }
            }
        }
    }
}

TEST_CASE("the same size is a plain copy, colour under zero alpha included") {
    const Image image = noise(12, 9, 4);
    CHECK(generator::resize(image, 12, 9, Filter::lanczos).pixels == image.pixels);
}

TEST_CASE("one pixel fills any size") {
    const Image image{1, 1, 3, {10, 200, 77}};
    const Image out = generator::resize(image, 5, 4, Filter::lanczos);
    for (std::size_t i = 0; i < out.pixels.size(); ++i) CHECK(out.pixels[i] == image.pixels[i % 3]);
    CHECK(generator::resize(noise(300, 2, 4), 1, 1, Filter::bicubic).pixels.size() == 4);
}

TEST_CASE("a large picture is resized the same by any number of threads") {
    for (const int channels : {1, 2, 3, 4}) {
        INFO(channels << " channels");
        const Image image = noise(1100, 900, channels);
        const Window window{-100, 17, 1000, 1117};
        Image alone;
        {
            const tests::AvxHidden scope(true);
            alone = generator::resize_window(image, window, 518, 518, Filter::lanczos, 1);
        }
        for (const int threads : {1, 2, 7})
            CHECK(generator::resize_window(image, window, 518, 518, Filter::lanczos, threads)
                      .pixels == alone.pixels);
    }
}
