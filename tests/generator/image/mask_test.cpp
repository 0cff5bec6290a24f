#include "generator/image/mask.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"

#include <functional>

using generator::Image;

namespace {

Image mask(int side, const std::function<int(int x, int y)>& value) {
    Image image{side, side, 1, {}};
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) image.pixels.push_back(std::uint8_t(value(x, y)));
    return image;
}

std::string fault(const Image& image) {
    const auto useful = generator::expect_useful(image);
    if (useful) return {};
    CHECK(useful.error().code == generator::Errc::bad_mask);
    return useful.error().detail;
}

}  // namespace

TEST_CASE("a picture cut out keeps what the mask shows and blends to nothing elsewhere") {
    const Image rgb{3, 1, 3, {200, 100, 50, 200, 100, 50, 200, 100, 50}};
    const auto cut = generator::cut_out(rgb, {3, 1, 1, {255, 0, 128}});
    // Pillow: Image.composite(picture, Image.new("RGBA", size, 0), mask)
    CHECK(cut.pixels == std::vector<std::uint8_t>{200, 100, 50, 255, 0, 0, 0, 0, 100, 50, 25, 128});
}

TEST_CASE("what the network sees has no alpha and at most 1024 pixels a side") {
    Image rgba{2048, 4, 4, std::vector<std::uint8_t>(2048 * 4 * 4, 7)};
    const auto rgb = generator::without_alpha(rgba);
    CHECK(rgb.width == 1024);
    CHECK(rgb.height == 2);
    CHECK(rgb.channels == 3);
    const Image small{1, 1, 4, {1, 2, 3, 4}};
    CHECK(generator::without_alpha(small).pixels == std::vector<std::uint8_t>{1, 2, 3});
    const Image thin{5000, 1, 4, std::vector<std::uint8_t>(5000 * 4, 7)};
    CHECK(generator::without_alpha(thin).height == 1);
}

TEST_CASE("a mask with one object is useful; empty, full and crumbled ones have their names") {
    using Catch::Contains;
    CHECK(fault(mask(100, [](int x, int y) {
              return x > 20 && x < 70 && y > 30 ? 255 : 0;
          })).empty());
    CHECK_THAT(fault(mask(100, [](int, int) { return 0; })), Contains("empty"));
    CHECK_THAT(fault(mask(100, [](int, int) { return 204; })), Contains("empty"));
    CHECK_THAT(fault(mask(100, [](int, int) { return 255; })), Contains("full"));
    CHECK_THAT(fault(mask(100, [](int x, int y) { return x % 4 < 2 && y % 4 < 2 ? 255 : 0; })),
               Contains("crumbs"));
    // Two halves: neither is less than half of it.
    CHECK(fault(mask(100, [](int x, int) { return x < 30 || x >= 70 ? 255 : 0; })).empty());
    CHECK_THAT(fault(Image{0, 0, 1, {}}), Contains("empty"));
}
