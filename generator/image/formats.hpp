// The decoders behind decode(): one function a format, each to RGBA as stored, not turned.
// Private to image/.
#pragma once

#include "generator/image/decode.hpp"

#include <optional>

namespace generator {

config::Result<Image> decode_png(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);
config::Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);
config::Result<Image> decode_webp(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);
config::Result<Image> decode_gif(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);
config::Result<Image> decode_bmp(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);
config::Result<Image> decode_tiff(std::span<const std::uint8_t> bytes, const DecodeLimits& limits);

// Why a picture of this size must not be decoded: picture_too_large or empty_picture.
std::optional<config::Error> refuse_size(std::int64_t width, std::int64_t height,
                                         const DecodeLimits& limits);

// Whether the bytes begin as a file of this format.
bool looks_like_png(std::span<const std::uint8_t> bytes);
bool looks_like_jpeg(std::span<const std::uint8_t> bytes);
bool looks_like_webp(std::span<const std::uint8_t> bytes);
bool looks_like_gif(std::span<const std::uint8_t> bytes);
bool looks_like_bmp(std::span<const std::uint8_t> bytes);
bool looks_like_tiff(std::span<const std::uint8_t> bytes);

// Ink of four colours to light of three, as Pillow does it.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb);

}  // namespace generator
