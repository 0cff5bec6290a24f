#include "miner/rehearsal/likeness.hpp"

#include "generator/image/resize.hpp"

#include <algorithm>
#include <cstdlib>

namespace miner {
namespace {

constexpr int kSide = 64;
constexpr int kOpaque = 128;

std::optional<generator::Image> framed(const generator::Image& image) {
    generator::Window box{image.width, image.height, 0, 0};
    bool whole = true;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const auto alpha = image.pixels[(std::size_t(y) * image.width + x) * 4 + 3];
            whole = whole && alpha == 255;
            if (alpha < kOpaque) continue;
            box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x + 1),
                   std::max(box.bottom, y + 1)};
        }
    if (whole || box.right == 0) return std::nullopt;
    const int side = std::max(box.right - box.left, box.bottom - box.top);
    box.left -= (side - (box.right - box.left)) / 2;
    box.top -= (side - (box.bottom - box.top)) / 2;
    box.right = box.left + side;
    box.bottom = box.top + side;
    return resize_window(image, box, kSide, kSide, generator::Filter::box);
}

}  // namespace

std::optional<double> likeness(const generator::Image& picture, const generator::Image& view) {
    const auto a = framed(picture), b = framed(view);
    if (!a || !b) return std::nullopt;
    double lesser = 0, both = 0, difference = 0;
    for (std::size_t i = 0; i < a->pixels.size(); i += 4) {
        const int low = std::min(a->pixels[i + 3], b->pixels[i + 3]);
        lesser += low;
        both += a->pixels[i + 3] + b->pixels[i + 3];
        for (std::size_t channel = 0; channel < 3; ++channel)
            difference += low * std::abs(a->pixels[i + channel] - b->pixels[i + channel]);
    }
    // What is half opaque fills the frame in both, but may do so in different places.
    if (lesser == 0) return 0;
    return 2 * lesser / both * (1 - difference / (lesser * 3 * 255));
}

}  // namespace miner
