// Bytes of a picture file to pixels, equal to Pillow's `open(...).convert("RGBA")` to the bit, turned as EXIF says.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

#include <span>

namespace generator {

struct DecodeLimits {
    std::int64_t max_bytes = 20LL << 20;
    std::int64_t max_pixels = 20'000'000;
};

// PNG, JPEG or WebP -> RGBA. The header is read first: nothing is allocated for a picture over the limits.
// Fails with not_a_picture, broken_picture, picture_too_large, empty_picture. Any thread.
config::Result<Image> decode(std::span<const std::uint8_t> bytes, const DecodeLimits& limits = {});

// RGB or RGBA -> PNG bytes.
std::vector<std::uint8_t> encode_png(const Image& image);

}  // namespace generator
