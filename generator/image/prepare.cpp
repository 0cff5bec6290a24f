#include "generator/image/prepare.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <optional>

namespace generator {
namespace {

constexpr int kOpaque = 205;  // alpha > 0.8 * 255

// Alpha as if the most opaque pixel were opaque, where nothing is opaque enough for TRELLIS: it
// would find no object at all, but what is faint can be seen.
Image made_opaque(Image rgba, int most) {
    for (std::size_t i = 3; i < rgba.pixels.size(); i += 4)
        rgba.pixels[i] = std::uint8_t((rgba.pixels[i] * 255 + most / 2) / most);
    return rgba;
}

int most_opaque(const Image& rgba) {
    int most = 0;
    for (std::size_t i = 3; i < rgba.pixels.size(); i += 4)
        most = std::max<int>(most, rgba.pixels[i]);
    return most;
}

// First and last pixel of what is at least as opaque, both included.
std::optional<Window> part_above(const Image& rgba, int least) {
    Window part{rgba.width, rgba.height, -1, -1};
    const std::uint8_t* alpha = rgba.pixels.data() + 3;
    for (int y = 0; y < rgba.height; ++y) {
        for (int x = 0; x < rgba.width; ++x, alpha += 4) {
            if (*alpha < least) continue;
            part.left = std::min(part.left, x);
            part.right = std::max(part.right, x);
            part.top = std::min(part.top, y);
            part.bottom = y;
        }
    }
    if (part.right < 0) return std::nullopt;
    return part;
}

// The crop's centre may lie between two pixels; its edges round half to even then.
Window with_margin(const Window& part) {
    const int side = std::max(part.right - part.left, part.bottom - part.top);
    const int half = int(side * 1.2) / 2;
    const double x = (part.left + part.right) / 2.0, y = (part.top + part.bottom) / 2.0;
    const auto round = [](double v) { return int(std::nearbyint(v)); };
    return {round(x - half), round(y - half), round(x + half), round(y + half)};
}

bool is_empty(const Window& window) {
    return window.right <= window.left || window.bottom <= window.top;
}

Window square_about(const Image& image) {
    const int side = std::max(image.width, image.height);
    const int left = -((side - image.width) / 2), top = -((side - image.height) / 2);
    return {left, top, left + side, top + side};
}

Image premultiplied_rgb(const Image& rgba) {
    std::array<float, 256> unit;
    for (int i = 0; i < 256; ++i) unit[i] = float(i) / 255.F;
    Image rgb{rgba.width, rgba.height, 3, {}};
    rgb.pixels.resize(rgb.row_bytes() * rgb.height);
    std::uint8_t* to = rgb.pixels.data();
    for (std::size_t i = 0; i < rgba.pixels.size(); i += 4) {
        const float alpha = unit[rgba.pixels[i + 3]];
        for (int c = 0; c < 3; ++c) {
            *to++ = std::uint8_t(int(unit[rgba.pixels[i + c]] * alpha * 255.F));
        }
    }
    return rgb;
}

}  // namespace

bool has_cutout(const Image& rgba) {
    if (rgba.channels != 4) return false;
    for (std::size_t i = 3; i < rgba.pixels.size(); i += 4) {
        if (rgba.pixels[i] != 255) return true;
    }
    return false;
}

config::Result<Image> prepare(const Image& rgba, int size) {
    assert(rgba.channels == 4 && size > 0);
    if (rgba.pixels.empty()) return config::fail(Errc::empty_picture, "no pixels");
    const auto most = most_opaque(rgba);
    if (most == 0) return config::fail(Errc::empty_picture, "all of it is transparent");
    if (most < kOpaque) return prepare(made_opaque(rgba, most), size);
    Window window = square_about(rgba);
    if (has_cutout(rgba)) {
        window = with_margin(*part_above(rgba, kOpaque));
        // Of a single opaque pixel there is no crop; around it there may be more to see.
        if (is_empty(window)) window = with_margin(*part_above(rgba, 1));
        if (is_empty(window))
            return config::fail(Errc::empty_picture, "hardly a pixel of it can be seen");
    }
    return premultiplied_rgb(resize_window(rgba, window, size, size, Filter::lanczos));
}

}  // namespace generator
