// Bytes of a picture file to pixels, equal to Pillow's `open(...).convert("RGBA")` to the bit,
// turned as its `exif_transpose` does.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

#include <span>

namespace generator {

struct DecodeLimits {
    std::int64_t max_bytes = 20LL << 20;
    std::int64_t max_pixels = 20'000'000;
    std::int64_t max_side =
        65'500;  // what a JPEG can have; keeps the work of a resize in proportion to the pixels
};

// PNG, JPEG, WebP, GIF, BMP or TIFF -> RGBA; the first frame of an animation. Of 16 bits the high
// byte. What is rare in a TIFF (floating point, Lab, JPEG of the old kind) is refused by its name.
// Colour profiles and gamma are ignored, as Pillow does. The header is read first: nothing is
// allocated for a picture over the limits. Fails with not_a_picture, broken_picture,
// picture_too_large, empty_picture, out_of_memory. Any thread.
config::Result<Image> decode(std::span<const std::uint8_t> bytes, const DecodeLimits& limits = {});

// The same picture as a validator's scoring takes it: RGB, not cropped, and turned only where
// Pillow does so while it reads: a TIFF. Where the file has four bands they are composed over
// white, to the bit as Pillow's `alpha_composite`; the transparency of palettes, of single colours
// and of gray is dropped, as its `convert("RGB")` does. (Gray with alpha in a TIFF is composed
// here, and 16 bits of gray are not clipped.) Limits and failures as of decode().
config::Result<Image> decode_for_score(std::span<const std::uint8_t> bytes,
                                       const DecodeLimits& limits = {});

// 1 to 4 channels -> PNG bytes. Empty for a picture without pixels.
std::vector<std::uint8_t> encode_png(const Image& image);

}  // namespace generator
