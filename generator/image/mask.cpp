#include "generator/image/mask.hpp"

#include "generator/errc.hpp"
#include "generator/image/resize.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace generator {
namespace {

constexpr int kOpaque = 205;        // alpha > 0.8 * 255
constexpr int kLongestSide = 1024;  // TRELLIS, preprocess_image
constexpr double kLeastShare = 0.002, kMostShare = 0.98, kLeastPiece = 0.5;

// a * b / 255, rounded as Pillow rounds it.
std::uint8_t blended(unsigned value, unsigned mask) {
    const unsigned t = value * mask + 128;
    return std::uint8_t(((t >> 8) + t) >> 8);
}

// Pixels of the largest connected piece (four neighbours).
std::int64_t largest_piece(std::vector<bool> opaque, int width, int height) {
    std::int64_t largest = 0;
    std::vector<std::int64_t> stack;
    for (std::int64_t start = 0; start < std::int64_t(opaque.size()); ++start) {
        if (!opaque[std::size_t(start)]) continue;
        std::int64_t count = 0;
        opaque[std::size_t(start)] = false;
        stack.push_back(start);
        while (!stack.empty()) {
            const auto at = stack.back();
            stack.pop_back();
            ++count;
            const auto x = at % width, y = at / width;
            const auto visit = [&](bool inside, std::int64_t next) {
                if (!inside || !opaque[std::size_t(next)]) return;
                opaque[std::size_t(next)] = false;
                stack.push_back(next);
            };
            visit(x > 0, at - 1);
            visit(x + 1 < width, at + 1);
            visit(y > 0, at - width);
            visit(y + 1 < height, at + width);
        }
        largest = std::max(largest, count);
    }
    return largest;
}

}  // namespace

Image within_side(const Image& image) {
    const int longest = std::max(image.width, image.height);
    if (longest <= kLongestSide) return image;
    const double scale = double(kLongestSide) / longest;
    return resize(image, std::max(int(image.width * scale), 1),
                  std::max(int(image.height * scale), 1), Filter::lanczos);
}

Image without_alpha(const Image& rgba) {
    assert(rgba.channels == 4);
    Image rgb{rgba.width, rgba.height, 3, {}};
    rgb.pixels.reserve(rgb.row_bytes() * std::size_t(rgb.height));
    for (std::size_t i = 0; i < rgba.pixels.size(); i += 4)
        rgb.pixels.insert(rgb.pixels.end(), &rgba.pixels[i], &rgba.pixels[i] + 3);
    return within_side(rgb);
}

Image cut_out(const Image& rgb, const Image& mask) {
    assert(rgb.channels == 3 && mask.channels == 1 && rgb.width == mask.width &&
           rgb.height == mask.height);
    Image rgba{rgb.width, rgb.height, 4, {}};
    rgba.pixels.reserve(rgba.row_bytes() * std::size_t(rgba.height));
    const std::uint8_t* colour = rgb.pixels.data();
    for (const auto alpha : mask.pixels) {
        for (int c = 0; c < 3; ++c) rgba.pixels.push_back(blended(*colour++, alpha));
        rgba.pixels.push_back(alpha);
    }
    return rgba;
}

config::Result<void> expect_useful(const Image& mask) {
    std::vector<bool> opaque(mask.pixels.size());
    std::int64_t count = 0;
    for (std::size_t i = 0; i < opaque.size(); ++i) {
        opaque[i] = mask.pixels[i] >= kOpaque;
        count += opaque[i];
    }
    const double share = double(count) / double(std::max<std::size_t>(opaque.size(), 1));
    if (share < kLeastShare) return config::fail(Errc::bad_mask, "empty: no object was found");
    if (share > kMostShare) return config::fail(Errc::bad_mask, "full: no background was found");
    const auto piece = largest_piece(std::move(opaque), mask.width, mask.height);
    if (double(piece) < kLeastPiece * double(count))
        return config::fail(Errc::bad_mask, "in crumbs: its largest piece is " +
                                                std::to_string(100 * piece / count) + " % of it");
    return {};
}

}  // namespace generator
