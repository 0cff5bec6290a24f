#include "generator/image/exif.hpp"

#include "generator/image/formats.hpp"

#include <cassert>
#include <cstring>
#include <string_view>
#include <utility>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool begins(Bytes bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

std::uint32_t big(Bytes bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | bytes[at + i];
    return value;
}

std::uint32_t little(Bytes bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | bytes[at + i];
    return value;
}

// A marker segment is FF, its code, a length that counts itself; the picture begins with SOS.
Bytes exif_in_jpeg(Bytes file) {
    for (std::size_t at = 2; at + 4 <= file.size();) {
        if (file[at] != 0xFF) return {};
        const int code = file[at + 1];
        if (code == 0xFF) {
            ++at;  // padding
            continue;
        }
        if (code == 0xDA || code == 0xD9) return {};
        if (code == 0x01 || (code >= 0xD0 && code <= 0xD7)) {
            at += 2;
            continue;
        }
        const std::size_t length = big(file, at + 2, 2);
        if (length < 2 || length > file.size() - at - 2) return {};
        const Bytes body = file.subspan(at + 4, length - 2);
        if (code == 0xE1 && begins(body, std::string_view("Exif\0\0", 6))) return body.subspan(6);
        at += 2 + length;
    }
    return {};
}

// A chunk is length, name, body, checksum.
Bytes exif_in_png(Bytes file) {
    for (std::size_t at = 8; at + 12 <= file.size();) {
        const std::size_t length = big(file, at, 4);
        if (length > file.size() - at - 12) return {};
        if (begins(file.subspan(at + 4), "eXIf")) return file.subspan(at + 8, length);
        at += 12 + length;
    }
    return {};
}

// Only the extended container (VP8X) has metadata, and says so in a flag. Chunks are padded to even
// length.
Bytes exif_in_webp(Bytes file) {
    constexpr int kExifFlag = 0x08;
    if (file.size() < 30 || !begins(file.subspan(12), "VP8X") || !(file[20] & kExifFlag)) return {};
    for (std::size_t at = 12; at + 8 <= file.size();) {
        const std::size_t length = little(file, at + 4, 4);
        if (length > file.size() - at - 8) return {};
        if (begins(file.subspan(at), "EXIF")) {
            const Bytes body = file.subspan(at + 8, length);
            return begins(body, std::string_view("Exif\0\0", 6)) ? body.subspan(6) : body;
        }
        at += 8 + length + (length & 1);
    }
    return {};
}

// TIFF: byte order, 42, offset of the first directory; there a count and entries of 12 bytes.
int orientation_in_tiff(Bytes tiff) {
    constexpr int kOrientationTag = 0x0112, kShort = 3, kLong = 4;
    const bool is_little = begins(tiff, std::string_view("II*\0", 4));
    if (!is_little && !begins(tiff, std::string_view("MM\0*", 4))) return 1;
    const auto number = is_little ? little : big;
    if (tiff.size() < 8) return 1;
    const std::size_t directory = number(tiff, 4, 4);
    if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
    const std::size_t entries = number(tiff, directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t at = directory + 2 + 12 * i;
        if (at + 12 > tiff.size()) return 1;
        if (number(tiff, at, 2) != kOrientationTag) continue;
        const auto type = number(tiff, at + 2, 2);
        if (type != kShort && type != kLong) return 1;
        const auto value = number(tiff, at + 8, type == kShort ? 2 : 4);
        return value >= 1 && value <= 8 ? int(value) : 1;
    }
    return 1;
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> file) {
    if (looks_like_jpeg(file)) return orientation_in_tiff(exif_in_jpeg(file));
    if (looks_like_png(file)) return orientation_in_tiff(exif_in_png(file));
    if (looks_like_webp(file)) return orientation_in_tiff(exif_in_webp(file));
    return 1;
}

Image apply_orientation(Image rgba, int orientation) {
    assert(rgba.channels == 4);
    if (orientation <= 1 || orientation > 8) return rgba;
    const std::ptrdiff_t w = rgba.width, h = rgba.height;
    // Where the turned picture's first pixel lies in the stored one, and the steps to its right and
    // lower neighbour.
    struct Walk {
        std::ptrdiff_t origin, right, down;
    };
    const Walk walks[9] = {{},
                           {},
                           {w - 1, -1, w},
                           {w * h - 1, -1, -w},
                           {(h - 1) * w, 1, -w},
                           {0, w, 1},
                           {(h - 1) * w, -w, 1},
                           {w * h - 1, -w, -1},
                           {w - 1, w, -1}};
    const Walk walk = walks[orientation];
    Image out{rgba.width, rgba.height, 4, std::vector<std::uint8_t>(rgba.pixels.size())};
    if (orientation >= 5) std::swap(out.width, out.height);
    std::uint8_t* to = out.pixels.data();
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x, to += 4) {
            std::memcpy(to, &rgba.pixels[4 * (walk.origin + x * walk.right + y * walk.down)], 4);
        }
    }
    return out;
}

}  // namespace generator
