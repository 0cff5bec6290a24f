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

// RGBA, not premultiplied, as a picture file is. The rendering's background is black.
generator::Image cut_out(const generator::Rendering& rendering) {
    generator::Image image{rendering.width, rendering.height, 4, {}};
    image.pixels.reserve(rendering.alpha.size() * 4);
    const auto byte = [](float value) {
        return std::uint8_t(std::clamp(value, 0.0F, 1.0F) * 255 + 0.5F);
    };
    for (std::size_t i = 0; i < rendering.alpha.size(); ++i) {
        const float alpha = rendering.alpha[i];
        for (std::size_t channel = 0; channel < 3; ++channel)
            image.pixels.push_back(alpha > 0 ? byte(rendering.colour[3 * i + channel] / alpha)
                                             : std::uint8_t(0));
        image.pixels.push_back(byte(alpha));
    }
    return image;
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

double agreement(const generator::Image& truth, const generator::Image& view) {
    constexpr double kAnotherColour = 0.4 * 3 * 255;  // summed over the channels, of bytes
    const auto a = framed(truth), b = framed(view);
    if (!a || !b) return 0;
    double right = 0, greater = 0;
    for (std::size_t i = 0; i < a->pixels.size(); i += 4) {
        int difference = 0;
        for (std::size_t channel = 0; channel < 3; ++channel)
            difference += std::abs(a->pixels[i + channel] - b->pixels[i + channel]);
        right += std::min(a->pixels[i + 3], b->pixels[i + 3]) *
                 std::max(0.0, 1 - difference / kAnotherColour);
        greater += std::max(a->pixels[i + 3], b->pixels[i + 3]);
    }
    return right / greater;
}

config::Result<generator::Image> cut_out_view(const generator::Gaussians& gaussians, int index,
                                              int side) {
    auto orbit = generator::validator_orbit(index);
    generator::RasterizeOptions options{.background = {0, 0, 0}, .threads = 1};
    // The rasterizer's blur is of so many pixels: of the validator's, or thin things get thick.
    const double shrunk = double(side) / orbit.width;
    options.eps2d *= shrunk * shrunk;
    orbit.width = orbit.height = side;
    const auto seen = generator::rasterize(gaussians, generator::orbit_camera(orbit), options);
    if (!seen) return seen.error();
    return cut_out(*seen);
}

}  // namespace miner
