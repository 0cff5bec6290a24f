// TIFF through libtiff: the first picture, with samples of 1 to 16 bits turned into bytes as Pillow
// does it. libtiff undoes compression and predictors; its own conversion to RGBA is not used, as it
// multiplies colours by alpha and rounds 16 bits in another way.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include <tiffio.h>

namespace generator {
namespace {

constexpr std::int64_t kMostMemory = 512 << 20;  // of one allocation of libtiff
constexpr int kMostSamples = 6;

struct Source {
    std::span<const std::uint8_t> bytes;
    toff_t at = 0;
    char message[160] = "damaged";
};

Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t on_read(thandle_t handle, void* to, tmsize_t size) {
    auto& source = source_of(handle);
    const auto left = source.at < source.bytes.size() ? source.bytes.size() - source.at : 0;
    const auto count = std::min<std::uint64_t>(left, std::uint64_t(std::max<tmsize_t>(size, 0)));
    if (count > 0) std::memcpy(to, source.bytes.data() + source.at, count);
    source.at += count;
    return tmsize_t(count);
}

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    auto& source = source_of(handle);
    source.at = whence == SEEK_CUR   ? source.at + offset
                : whence == SEEK_END ? source.bytes.size() + offset
                                     : offset;
    return source.at;
}

int on_map(thandle_t handle, void** base, toff_t* size) {
    auto& source = source_of(handle);
    *base = const_cast<std::uint8_t*>(source.bytes.data());  // libtiff only reads it, mode "r"
    *size = source.bytes.size();
    return 1;
}

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    auto& source = *static_cast<Source*>(user);
    std::vsnprintf(source.message, sizeof source.message, format, arguments);
    return 1;
}

int on_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

Tiff open(Source& source) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    if (!options) return nullptr;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostMemory);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &source);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, nullptr);
    return Tiff(TIFFClientOpenExt(
        "picture", "r", &source, on_read, [](thandle_t, void*, tmsize_t) { return tmsize_t(0); },
        on_seek, [](thandle_t) { return 0; },
        [](thandle_t handle) { return toff_t(source_of(handle).bytes.size()); }, on_map,
        [](thandle_t, void*, toff_t) {}, options.get()));
}

config::Error unread(const std::string& what) {
    return config::fail(Errc::broken_picture, "TIFF: " + what);
}

enum class Alpha { none, plain, premultiplied };

// How the samples of a pixel lie and what they mean.
struct Layout {
    std::uint32_t width = 0, height = 0;
    std::uint16_t bits = 1, samples = 1, photometric = 0;
    bool planes = false;  // each sample in a plane of its own
    Alpha alpha = Alpha::none;
    int colours = 1;  // samples that are colours; alpha comes next
    std::array<std::uint16_t*, 3> map{};
};

int colours_of(std::uint16_t photometric) {
    switch (photometric) {
        case PHOTOMETRIC_MINISWHITE:
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_PALETTE:
            return 1;
        case PHOTOMETRIC_RGB:
        case PHOTOMETRIC_YCBCR:
            return 3;
        case PHOTOMETRIC_SEPARATED:
            return 4;
    }
    return 0;
}

void read_alpha(TIFF* tiff, Layout& layout) {
    std::uint16_t extras = 0, *kinds = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    // Where a fourth sample of RGB has no name it is alpha.
    if (extras == 0 && layout.photometric == PHOTOMETRIC_RGB && layout.samples == 4)
        layout.alpha = Alpha::plain;
    if (extras == 0 || layout.photometric == PHOTOMETRIC_SEPARATED) return;
    if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) layout.alpha = Alpha::premultiplied;
    if (kinds[0] == EXTRASAMPLE_UNASSALPHA || kinds[0] == 999) layout.alpha = Alpha::plain;
}

config::Result<Layout> read_layout(TIFF* tiff, const DecodeLimits& limits) {
    Layout layout;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
    if (auto refused = refuse_size(layout.width, layout.height, limits)) return *refused;
    std::uint16_t format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG, compression = 1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric);  // 0 where there is none
    if (compression == COMPRESSION_OJPEG) return unread("JPEG of the old kind is not read");
    if (!TIFFIsCODECConfigured(compression))
        return unread("compression " + std::to_string(compression) + " is not read");
    layout.colours = colours_of(layout.photometric);
    layout.planes = planar == PLANARCONFIG_SEPARATE;
    if (layout.colours == 0)
        return unread("colours of kind " + std::to_string(layout.photometric) + " are not read");
    if (layout.photometric == PHOTOMETRIC_YCBCR) {
        if (compression != COMPRESSION_JPEG || layout.planes)
            return unread("YCbCr outside of JPEG is not read");
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    const auto& bits = layout.bits;
    if (format != SAMPLEFORMAT_UINT ||
        (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16))
        return unread("samples of " + std::to_string(bits) + " bits" +
                      (format == SAMPLEFORMAT_IEEEFP ? ", floating-point," : "") +
                      " are not read; whole numbers of 1, 2, 4, 8 and 16 are");
    if (layout.samples < layout.colours || layout.samples > kMostSamples)
        return unread(std::to_string(layout.samples) + " samples a pixel");
    if (layout.photometric == PHOTOMETRIC_PALETTE &&
        (bits > 8 ||
         !TIFFGetField(tiff, TIFFTAG_COLORMAP, &layout.map[0], &layout.map[1], &layout.map[2])))
        return unread("a palette is missing");
    read_alpha(tiff, layout);
    if (layout.alpha != Alpha::none && layout.samples == layout.colours) layout.alpha = Alpha::none;
    return layout;
}

// A sample of 1 to 16 bits as a byte; libtiff hands 16 bits out in this machine's order. Of an
// index the number itself, of everything else its share of 255.
std::uint8_t sample(const std::uint8_t* row, std::size_t i, const Layout& layout) {
    if (layout.bits == 8) return row[i];
    if (layout.bits == 16) {
        std::uint16_t value;
        std::memcpy(&value, row + 2 * i, 2);
        return std::uint8_t(value >> 8);
    }
    const unsigned bits = layout.bits, most = (1u << bits) - 1;
    const unsigned value = row[i * bits / 8] >> (8 - bits - i * bits % 8) & most;
    return std::uint8_t(layout.photometric == PHOTOMETRIC_PALETTE ? value : value * 255 / most);
}

// Strips and tiles alike: libtiff's unit of compression, placed on a grid.
struct Grid {
    std::uint32_t width = 0, height = 0;  // of a piece
    bool tiles = false;
    tmsize_t piece_bytes = 0, row_bytes = 0;
};

config::Result<Grid> read_grid(TIFF* tiff, const Layout& layout) {
    Grid grid{.tiles = TIFFIsTiled(tiff) != 0};
    if (grid.tiles) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &grid.width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &grid.height);
        grid.piece_bytes = TIFFTileSize(tiff);
        grid.row_bytes = TIFFTileRowSize(tiff);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &grid.height);
        grid.width = layout.width;
        grid.height = std::min(grid.height, layout.height);
        grid.piece_bytes = TIFFStripSize(tiff);
        grid.row_bytes = TIFFScanlineSize(tiff);
    }
    if (grid.width == 0 || grid.height == 0 || grid.piece_bytes <= 0 || grid.row_bytes <= 0)
        return unread("strips or tiles without a size");
    // A tile of a small picture may be larger than it, but not by much.
    const auto most = std::int64_t(layout.width) * layout.height * layout.samples * 2 + (4 << 20);
    const auto needed =
        (std::uint64_t(grid.width) * layout.bits * (layout.planes ? 1u : unsigned(layout.samples)) +
         7) /
        8;
    if (grid.piece_bytes > most || std::uint64_t(grid.row_bytes) < needed ||
        std::uint64_t(grid.piece_bytes) <
            std::uint64_t(grid.row_bytes) * (grid.height - 1) + needed)
        return unread("strips or tiles of a size that does not fit");
    return grid;
}

// The samples of all pixels as bytes, one pixel after the other.
config::Result<std::vector<std::uint8_t>> read_samples(TIFF* tiff, const Layout& layout,
                                                       const Grid& grid, const Source& source) {
    const std::size_t samples = layout.samples;
    std::vector<std::uint8_t> out(std::size_t(layout.width) * layout.height * samples);
    std::vector<std::uint8_t> piece(std::size_t(grid.piece_bytes));
    const std::size_t planes = layout.planes ? samples : 1, each = layout.planes ? 1 : samples;
    for (std::size_t plane = 0; plane < planes; ++plane) {
        for (std::uint32_t top = 0; top < layout.height; top += grid.height) {
            for (std::uint32_t left = 0; left < layout.width; left += grid.width) {
                const auto rows = std::min(grid.height, layout.height - top);
                const auto columns = std::min(grid.width, layout.width - left);
                const auto number = grid.tiles
                                        ? TIFFComputeTile(tiff, left, top, 0, std::uint16_t(plane))
                                        : TIFFComputeStrip(tiff, top, std::uint16_t(plane));
                const auto size = grid.tiles ? grid.piece_bytes : grid.row_bytes * tmsize_t(rows);
                const auto got = grid.tiles
                                     ? TIFFReadEncodedTile(tiff, number, piece.data(), size)
                                     : TIFFReadEncodedStrip(tiff, number, piece.data(), size);
                if (got < size) return unread(source.message);
                for (std::uint32_t y = 0; y < rows; ++y) {
                    const auto* row = piece.data() + std::size_t(grid.row_bytes) * y;
                    auto* to =
                        &out[((std::size_t(top) + y) * layout.width + left) * samples + plane];
                    for (std::uint32_t x = 0; x < columns; ++x, to += samples)
                        for (std::size_t s = 0; s < each; ++s)
                            to[s] = sample(row, x * each + s, layout);
                }
            }
        }
    }
    return out;
}

// As Pillow's RGBa to RGBA: no colour where nothing is seen, never more than white.
std::uint8_t divided(unsigned colour, unsigned alpha) {
    return alpha == 0 ? 0 : std::uint8_t(std::min(255u, 255 * colour / alpha));
}

void to_rgba(const std::uint8_t* in, std::uint8_t* out, const Layout& layout) {
    switch (layout.photometric) {
        case PHOTOMETRIC_MINISWHITE:
            out[0] = out[1] = out[2] = std::uint8_t(255 - in[0]);
            break;
        case PHOTOMETRIC_MINISBLACK:
            out[0] = out[1] = out[2] = in[0];
            break;
        case PHOTOMETRIC_PALETTE:
            for (std::size_t c = 0; c < 3; ++c) out[c] = std::uint8_t(layout.map[c][in[0]] >> 8);
            break;
        case PHOTOMETRIC_SEPARATED:
            cmyk_to_rgb(in, out);
            break;
        default:
            std::memcpy(out, in, 3);
    }
    out[3] = layout.alpha == Alpha::none ? 255 : in[layout.colours];
    if (layout.alpha == Alpha::premultiplied)
        for (int c = 0; c < 3; ++c) out[c] = divided(out[c], out[3]);
}

}  // namespace

config::Result<Image> decode_tiff(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    Source source{bytes};
    const auto tiff = open(source);
    if (!tiff) return unread(source.message);
    const auto layout = read_layout(tiff.get(), limits);
    if (!layout) return layout.error();
    const auto grid = read_grid(tiff.get(), *layout);
    if (!grid) return grid.error();
    const auto samples = read_samples(tiff.get(), *layout, *grid, source);
    if (!samples) return samples.error();
    Image image{int(layout->width), int(layout->height), 4, {}};
    image.pixels.resize(image.row_bytes() * std::size_t(layout->height));
    for (std::size_t i = 0; i < image.pixels.size() / 4; ++i)
        to_rgba(&(*samples)[i * layout->samples], &image.pixels[4 * i], *layout);
    return image;
}

}  // namespace generator
