#include "generator/render/picture.hpp"

#include <algorithm>
#include <cassert>

namespace generator {

Image to_picture(const Rendering& rendering) {
    Image image{rendering.width, rendering.height, 3, {}};
    image.pixels.resize(rendering.colour.size());
    std::transform(rendering.colour.begin(), rendering.colour.end(), image.pixels.begin(),
                   [](float value) { return std::uint8_t(std::clamp(value, 0.0F, 1.0F) * 255); });
    return image;
}

Image contact_sheet(std::span<const Image> pictures, int columns, int gap_pixels) {
    if (pictures.empty()) return {};
    const int count = int(pictures.size());
    const int rows = (count + columns - 1) / columns;
    const Image& first = pictures.front();
    Image sheet{columns * first.width + (columns - 1) * gap_pixels,
                rows * first.height + (rows - 1) * gap_pixels,
                3,
                {}};
    sheet.pixels.resize(sheet.row_bytes() * std::size_t(sheet.height));
    for (int i = 0; i < count; ++i) {
        const Image& picture = pictures[std::size_t(i)];
        assert(picture.width == first.width && picture.height == first.height &&
               picture.channels == 3);
        const std::size_t left = std::size_t(i % columns * (first.width + gap_pixels)) * 3;
        const std::size_t top = std::size_t(i / columns * (first.height + gap_pixels));
        for (std::size_t y = 0; y < std::size_t(picture.height); ++y) {
            std::copy_n(&picture.pixels[y * picture.row_bytes()], picture.row_bytes(),
                        &sheet.pixels[(top + y) * sheet.row_bytes() + left]);
        }
    }
    return sheet;
}

}  // namespace generator
