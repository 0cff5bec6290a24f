#include "generator/image/decode.hpp"

#include "generator/errc.hpp"
#include "generator/image/exif.hpp"
#include "generator/image/formats.hpp"
#include "generator/mistaken.hpp"

#include <cstring>
#include <new>
#include <string_view>

namespace generator {
namespace {

bool begins(std::span<const std::uint8_t> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

std::string what_it_seems(std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return "no bytes at all";
    const auto brand = bytes.size() >= 12 ? bytes.subspan(4) : std::span<const std::uint8_t>();
    if (begins(brand, "ftypavi")) return "an AVIF";
    if (begins(brand, "ftyphei") || begins(brand, "ftypmif1")) return "a HEIC";
    if (begins(bytes, "\xFF\x0A") || begins(brand, "JXL ")) return "a JPEG XL";
    if (begins(brand, "jP  ")) return "a JPEG 2000";
    if (begins(bytes, "%PDF")) return "a PDF";
    if (const auto what = mistaken_for(bytes); !what.empty()) return what;
    if (begins(bytes, "<")) return "text (SVG?)";
    return std::to_string(bytes.size()) + " bytes of something else";
}

config::Result<Image> decode_stored(std::span<const std::uint8_t> bytes,
                                    const DecodeLimits& limits) {
    if (std::int64_t(bytes.size()) > limits.max_bytes) {
        return config::fail(Errc::picture_too_large, std::to_string(bytes.size()) +
                                                         " bytes; the limit is " +
                                                         std::to_string(limits.max_bytes));
    }
    if (looks_like_png(bytes)) return decode_png(bytes, limits);
    if (looks_like_jpeg(bytes)) return decode_jpeg(bytes, limits);
    if (looks_like_webp(bytes)) return decode_webp(bytes, limits);
    if (looks_like_gif(bytes)) return decode_gif(bytes, limits);
    if (looks_like_bmp(bytes)) return decode_bmp(bytes, limits);
    if (looks_like_tiff(bytes)) return decode_tiff(bytes, limits);
    return config::fail(Errc::not_a_picture,
                        what_it_seems(bytes) + "; PNG, JPEG, WebP, GIF, BMP and TIFF are accepted");
}

// Of what decoders give as RGBA, whether the file's own alpha is one of four bands. The others
// either have no alpha, or four bands whenever they have some.
bool drops_alpha(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kColourType = 25;  // of a PNG's header
    constexpr std::uint8_t kRgba = 6;
    if (looks_like_gif(bytes)) return true;
    return looks_like_png(bytes) && bytes.size() > kColourType && bytes[kColourType] != kRgba;
}

// Pillow's alpha_composite over opaque white: 7 bits beyond a byte, and its own division by 255.
std::uint8_t over_white(std::uint8_t colour, std::uint8_t alpha) {
    constexpr std::uint32_t kBits = 7;
    const std::uint32_t sum = (std::uint32_t(colour) * alpha + 255U * (255U - alpha)) << kBits;
    const std::uint32_t rounded = sum + (0x80U << kBits);
    return std::uint8_t((((rounded >> 8) + rounded) >> 8) >> kBits);
}

Image flattened(const Image& rgba, bool drop) {
    Image rgb{rgba.width, rgba.height, 3, {}};
    rgb.pixels.reserve(rgba.pixels.size() / 4 * 3);
    for (std::size_t i = 0; i < rgba.pixels.size(); i += 4) {
        const std::uint8_t alpha = drop ? 255 : rgba.pixels[i + 3];
        for (std::size_t c = 0; c < 3; ++c)
            rgb.pixels.push_back(over_white(rgba.pixels[i + c], alpha));
    }
    return rgb;
}

}  // namespace

bool looks_like_png(std::span<const std::uint8_t> bytes) {
    return begins(bytes, "\x89PNG\r\n\x1a\n");
}

bool looks_like_jpeg(std::span<const std::uint8_t> bytes) { return begins(bytes, "\xFF\xD8\xFF"); }

bool looks_like_webp(std::span<const std::uint8_t> bytes) {
    return begins(bytes, "RIFF") && bytes.size() >= 12 && begins(bytes.subspan(8), "WEBP");
}

bool looks_like_gif(std::span<const std::uint8_t> bytes) {
    return begins(bytes, "GIF87a") || begins(bytes, "GIF89a");
}

bool looks_like_bmp(std::span<const std::uint8_t> bytes) { return begins(bytes, "BM"); }

bool looks_like_tiff(std::span<const std::uint8_t> bytes) {
    using namespace std::string_view_literals;
    return begins(bytes, "II*\0"sv) || begins(bytes, "MM\0*"sv) || begins(bytes, "II+\0"sv) ||
           begins(bytes, "MM\0+"sv);
}

void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb) {
    const int white = 255 - cmyk[3];
    for (int c = 0; c < 3; ++c) {
        const int t = cmyk[c] * white + 128;
        rgb[c] = std::uint8_t(white - ((t + (t >> 8)) >> 8));
    }
}

std::optional<config::Error> refuse_size(std::int64_t width, std::int64_t height,
                                         const DecodeLimits& limits) {
    const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (width <= 0 || height <= 0) return config::fail(Errc::empty_picture, size);
    if (width > limits.max_side || height > limits.max_side) {
        return config::fail(Errc::picture_too_large,
                            size + "; a side may have " + std::to_string(limits.max_side));
    }
    if (width * height > limits.max_pixels) {
        return config::fail(Errc::picture_too_large,
                            size + "; the limit is " + std::to_string(limits.max_pixels));
    }
    return std::nullopt;
}

config::Result<Image> decode(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) try {
    auto stored = decode_stored(bytes, limits);
    if (!stored) return stored;
    return apply_orientation(std::move(*stored), orientation_of(bytes));
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while decoding a picture");
}

config::Result<Image> decode_for_score(std::span<const std::uint8_t> bytes,
                                       const DecodeLimits& limits) try {
    auto stored = decode_stored(bytes, limits);
    if (!stored) return stored;
    // Of all formats Pillow turns TIFF alone while it reads it.
    if (looks_like_tiff(bytes))
        stored = apply_orientation(std::move(*stored), orientation_of(bytes));
    return flattened(*stored, drops_alpha(bytes));
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while decoding a picture");
}

}  // namespace generator
