// BMP, exactly as Pillow reads it: 1, 4 and 8 bits with a palette, run lengths, 16 bits, 24 bits,
// 32 bits, with alpha only where a bit field names it. Own code: what the usual libraries make of
// the fourth byte differs from Pillow.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Colour = std::array<std::uint8_t, 4>;

constexpr std::size_t kFileHeader = 14;
enum Compression : std::uint32_t { kRaw = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };

config::Error broken(const std::string& why) {
    return config::fail(Errc::broken_picture, "BMP: " + why);
}

std::uint32_t number(Bytes bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | bytes[at + std::size_t(i)];
    return value;
}

struct Header {
    std::int64_t width = 0, height = 0;
    bool upwards = true;  // the last row comes first
    std::uint32_t bits = 0, compression = kRaw;
    std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha
    std::array<Colour, 256> palette{};
    std::size_t pixels = 0;  // where they begin

    std::size_t stride() const { return ((std::size_t(width) * bits + 31) >> 3) & ~std::size_t(3); }
};

// 15 and 16 bits become bytes as Pillow has it, and so do fields of a whole byte.
std::uint8_t field(std::uint32_t pixel, std::uint32_t mask) {
    if (mask == 0) return 0;
    const auto most = mask >> std::countr_zero(mask);
    return std::uint8_t(((pixel & mask) >> std::countr_zero(mask)) * 255 / most);
}

bool is_byte(std::uint32_t mask) {
    return mask == 0xff || mask == 0xff00 || mask == 0xff0000 || mask == 0xff000000;
}

std::optional<config::Error> read_masks(Bytes bytes, std::size_t header_size, Header& header) {
    constexpr std::size_t kMasks = kFileHeader + 40;
    constexpr std::array<std::uint32_t, 4> k555{0x7c00, 0x3e0, 0x1f, 0},
        k565{0xf800, 0x7e0, 0x1f, 0}, k888{0xff0000, 0xff00, 0xff, 0};
    auto& masks = header.masks;
    masks = header.bits == 16 ? k555 : k888;
    if (header.compression != kBitFields) return std::nullopt;
    const std::size_t count = header_size >= 56 ? 4 : 3;
    if (bytes.size() < kMasks + 4 * count) return broken("cut short");
    masks = {};
    for (std::size_t i = 0; i < count; ++i) masks[i] = number(bytes, kMasks + 4 * i, 4);
    if (header.bits == 16 && (masks == k555 || masks == k565)) return std::nullopt;
    if (header.bits == 24 && masks == k888) return std::nullopt;
    if (header.bits == 32 && masks == std::array<std::uint32_t, 4>{}) {
        masks = {0xff0000, 0xff00, 0xff, 0xff000000};
        return std::nullopt;
    }
    const bool bytes_of_colour = std::all_of(masks.begin(), masks.begin() + 3, is_byte);
    if (header.bits == 32 && bytes_of_colour && (masks[3] == 0 || is_byte(masks[3])))
        return std::nullopt;
    return broken("bit fields of a kind that is not read");
}

// Colours that the file does not have are black, or greys where all others are.
void read_palette(Bytes bytes, std::size_t at, std::size_t entry, std::size_t colours,
                  Header& header) {
    bool greys = true;
    for (std::size_t i = 0; i < header.palette.size(); ++i) {
        const auto grey = std::uint8_t(greys ? i : 0);
        header.palette[i] = {grey, grey, grey, 255};
        const std::size_t from = at + i * entry;
        if (i >= colours || from + 3 > bytes.size()) continue;
        const auto* bgr = &bytes[from];
        header.palette[i] = {bgr[2], bgr[1], bgr[0], 255};
        greys = greys && bgr[0] == i && bgr[1] == i && bgr[2] == i;
    }
}

config::Result<Header> read_header(Bytes bytes, const DecodeLimits& limits) {
    if (bytes.size() < kFileHeader + 12) return broken("cut short");
    Header header;
    header.pixels = number(bytes, 10, 4);
    const std::size_t size = number(bytes, kFileHeader, 4);
    const bool old = size == 12;
    constexpr std::array<std::size_t, 7> kSizes{12, 40, 52, 56, 64, 108, 124};
    if (std::find(kSizes.begin(), kSizes.end(), size) == kSizes.end())
        return broken("a header of " + std::to_string(size) + " bytes is not known");
    if (bytes.size() < kFileHeader + size) return broken("cut short");
    std::uint32_t colours = 0;
    if (old) {
        header.width = number(bytes, 18, 2);
        header.height = number(bytes, 20, 2);
        header.bits = number(bytes, 24, 2);
    } else {
        header.width = number(bytes, 18, 4);
        header.height = number(bytes, 22, 4);
        header.upwards = bytes[25] != 0xff;
        if (!header.upwards) header.height = (std::int64_t(1) << 32) - header.height;
        header.bits = number(bytes, 28, 2);
        header.compression = number(bytes, 30, 4);
        colours = number(bytes, 46, 4);
    }
    if (auto refused = refuse_size(header.width, header.height, limits)) return *refused;
    constexpr std::array<std::uint32_t, 6> kBits{1, 4, 8, 16, 24, 32};
    if (std::find(kBits.begin(), kBits.end(), header.bits) == kBits.end())
        return broken(std::to_string(header.bits) + " bits a pixel are not known");
    const bool runs = (header.compression == kRle8 && header.bits == 8) ||
                      (header.compression == kRle4 && header.bits == 4);
    const bool fields = header.compression == kBitFields && header.bits >= 16;
    if (header.compression != kRaw && !runs && !fields)
        return broken("compression " + std::to_string(header.compression) + " of " +
                      std::to_string(header.bits) + " bits is not read");
    if (auto refused = read_masks(bytes, size, header)) return *refused;
    std::size_t after = kFileHeader + size + (fields && size == 40 ? 12 : 0);
    if (header.bits <= 8) {
        const std::size_t entry = old ? 3 : 4;
        const std::size_t all = colours == 0 ? std::size_t(1) << header.bits : colours;
        if (all > 65536) return broken("a palette of " + std::to_string(all) + " colours");
        read_palette(bytes, after, entry, all, header);
        after += entry * all;
        // Some writers leave the palette out of the count.
        if (header.pixels == kFileHeader + size) header.pixels = after;
    }
    if (header.pixels == 0) header.pixels = after;
    return header;
}

// Indices in the order of the file, a byte each. What the runs leave out is the first colour.
std::vector<std::uint8_t> unpack_runs(Bytes bytes, const Header& header) {
    const std::size_t width = std::size_t(header.width);
    std::vector<std::uint8_t> out(width * std::size_t(header.height));
    std::size_t at = 0, x = 0, from = std::min(header.pixels, bytes.size());
    const bool nibbles = header.compression == kRle4;
    while (at < out.size() && from + 2 <= bytes.size()) {
        const std::size_t count = bytes[from], value = bytes[from + 1];
        from += 2;
        if (count > 0) {
            const auto fits = std::min({count, width - std::min(x, width), out.size() - at});
            for (std::size_t i = 0; i < fits; ++i)
                out[at + i] = std::uint8_t(!nibbles ? value : i % 2 == 0 ? value >> 4 : value & 15);
            at += fits;
            x += fits;
        } else if (value == 0) {
            at += (width - at % width) % width;
            x = 0;
        } else if (value == 1) {
            break;
        } else if (value == 2) {
            if (from + 2 > bytes.size()) break;
            at += std::min(out.size() - at, bytes[from] + bytes[from + 1] * width);
            x = at % width;
            from += 2;
        } else {
            const auto pixels = std::min(out.size() - at, value);
            const auto size = nibbles ? (pixels + 1) / 2 : pixels;
            if (size > bytes.size() - from) break;
            for (std::size_t i = 0; i < pixels; ++i) {
                const auto byte = bytes[from + (nibbles ? i / 2 : i)];
                out[at + i] = std::uint8_t(!nibbles ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
            }
            at += pixels;
            x += value;
            from += size;
            from += from % 2;
        }
    }
    return out;
}

Colour colour_of(Bytes row, std::size_t x, const Header& header) {
    const auto bits = header.bits;
    if (bits <= 8) {
        const auto byte = row[x * bits / 8];
        return header.palette[byte >> (8 - bits - x * bits % 8) & ((1u << bits) - 1)];
    }
    const auto pixel = number(row, x * (bits / 8), int(bits / 8));
    const auto& m = header.masks;
    return {field(pixel, m[0]), field(pixel, m[1]), field(pixel, m[2]),
            m[3] == 0 ? std::uint8_t(255) : field(pixel, m[3])};
}

}  // namespace

config::Result<Image> decode_bmp(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    auto read = read_header(bytes, limits);
    if (!read) return read.error();
    auto& header = *read;
    std::vector<std::uint8_t> unpacked;
    auto rows = bytes.subspan(std::min(header.pixels, bytes.size()));
    if (header.compression == kRle8 || header.compression == kRle4) {
        unpacked = unpack_runs(bytes, header);
        header.bits = 8;
        rows = unpacked;
    }
    const auto stride = unpacked.empty() ? header.stride() : std::size_t(header.width);
    const auto height = std::size_t(header.height);
    // The last row may do without what fills it up.
    const auto last = (std::size_t(header.width) * header.bits + 7) / 8;
    if (rows.size() < stride * (height - 1) + last) return broken("cut short");
    Image image{int(header.width), int(header.height), 4, {}};
    image.pixels.resize(image.row_bytes() * height);
    for (std::size_t y = 0; y < height; ++y) {
        const auto row = rows.subspan(stride * (header.upwards ? height - 1 - y : y));
        auto* to = &image.pixels[y * image.row_bytes()];
        for (std::size_t x = 0; x < std::size_t(header.width); ++x, to += 4)
            std::memcpy(to, colour_of(row, x, header).data(), 4);
    }
    return image;
}

}  // namespace generator
