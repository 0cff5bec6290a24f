#include "generator/score/judge_input.hpp"

#include "generator/image/prepare.hpp"

#include <algorithm>
#include <utility>

namespace generator {
namespace {

constexpr std::uint8_t kWhite = 250;  // all channels at least so

Image black(int side) {
    return {side, side, 3, std::vector<std::uint8_t>(std::size_t(side) * side * 3)};
}

}  // namespace

JudgedPicture picture_for_judge(const Image& rgb, int side) {
    Image rgba{rgb.width, rgb.height, 4, {}};
    rgba.pixels.resize(rgba.row_bytes() * rgb.height);
    int left = rgb.width, top = rgb.height, right = 0, bottom = 0, seen = 0;
    const std::uint8_t* from = rgb.pixels.data();
    std::uint8_t* to = rgba.pixels.data();
    for (int y = 0; y < rgb.height; ++y) {
        for (int x = 0; x < rgb.width; ++x, from += 3, to += 4) {
            if (std::min({from[0], from[1], from[2]}) >= kWhite) continue;
            std::copy_n(from, 3, to);
            to[3] = 255;
            left = std::min(left, x), right = std::max(right, x + 1);
            top = std::min(top, y), bottom = std::max(bottom, y + 1);
            ++seen;
        }
    }
    if (seen == 0) return {black(side), {}};
    const float width = float(rgb.width), height = float(rgb.height);
    JudgedPicture judged{{},
                         {float(left) / width, float(top) / height, float(right) / width,
                          float(bottom) / height, float(seen) / (width * height)}};
    auto prepared = prepare(rgba, side);
    judged.picture = prepared ? std::move(*prepared) : black(side);
    return judged;
}

}  // namespace generator
