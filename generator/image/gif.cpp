// GIF through giflib: the first frame, on the canvas that Pillow gives it.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include <gif_lib.h>

namespace generator {
namespace {

struct Source {
    std::span<const std::uint8_t> rest;
    bool ended = false;
};

// A picture whose pixels are all there may lack what ends a block: one zero stands in for it.
int on_read(GifFileType* gif, GifByteType* to, int count) {
    auto& source = *static_cast<Source*>(gif->UserData);
    if (source.rest.empty() && count == 1 && !source.ended) {
        source.ended = true;
        *to = 0;
        return 1;
    }
    const auto size = std::min(source.rest.size(), std::size_t(std::max(count, 0)));
    std::memcpy(to, source.rest.data(), size);
    source.rest = source.rest.subspan(size);
    return int(size);
}

struct Close {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, Close>;

config::Error broken(int error) {
    const char* words = GifErrorString(error);
    return config::fail(Errc::broken_picture,
                        std::string("GIF: ") + (words != nullptr ? words : "damaged"));
}

// The index that is transparent, where a graphic control extension says so.
bool read_extension(GifFileType* gif, std::optional<int>& transparent) {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return false;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1))
        transparent = block[4];
    while (block != nullptr)
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
    return true;
}

// A table that says of each grey that it is itself is none to Pillow.
bool is_grey_ramp(const ColorMapObject* map) {
    for (int i = 0; map != nullptr && i < map->ColorCount; ++i) {
        const auto& colour = map->Colors[i];
        if (colour.Red != i || colour.Green != i || colour.Blue != i) return false;
    }
    return true;
}

// Colours beyond the table are black; without one every index is a grey.
std::array<std::uint32_t, 256> palette_of(const GifFileType* gif, std::optional<int> transparent) {
    std::array<std::uint32_t, 256> palette;
    const auto put = [&](int i, unsigned r, unsigned g, unsigned b) {
        const std::uint8_t rgba[4] = {std::uint8_t(r), std::uint8_t(g), std::uint8_t(b),
                                      std::uint8_t(i == transparent ? 0 : 255)};
        std::memcpy(&palette[std::size_t(i)], rgba, 4);
    };
    const auto* map = gif->Image.ColorMap != nullptr ? gif->Image.ColorMap : gif->SColorMap;
    const bool greys = is_grey_ramp(map);
    for (int i = 0; i < 256; ++i) {
        const auto beyond = greys ? unsigned(i) : 0u;
        put(i, beyond, beyond, beyond);
    }
    for (int i = 0; map != nullptr && i < std::min(map->ColorCount, 256); ++i)
        put(i, map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue);
    return palette;
}

// The rows of a frame in the order in which they come.
std::vector<int> rows_of(const GifImageDesc& frame) {
    std::vector<int> rows;
    if (!frame.Interlace) {
        for (int y = 0; y < frame.Height; ++y) rows.push_back(y);
        return rows;
    }
    constexpr int kFirst[] = {0, 4, 2, 1}, kStep[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; ++pass)
        for (int y = kFirst[pass]; y < frame.Height; y += kStep[pass]) rows.push_back(y);
    return rows;
}

config::Result<Image> read_frame(GifFileType* gif, std::optional<int> transparent,
                                 const DecodeLimits& limits) {
    if (DGifGetImageDesc(gif) == GIF_ERROR) return broken(gif->Error);
    const auto& frame = gif->Image;
    // As Pillow has it, the canvas grows with a frame that reaches beyond it.
    const auto width = std::max<std::int64_t>(gif->SWidth, std::int64_t(frame.Left) + frame.Width);
    const auto height =
        std::max<std::int64_t>(gif->SHeight, std::int64_t(frame.Top) + frame.Height);
    if (auto refused = refuse_size(width, height, limits)) return *refused;
    const auto palette = palette_of(gif, transparent);
    Image image{int(width), int(height), 4, {}};
    image.pixels.resize(image.row_bytes() * std::size_t(height));
    const auto at = [&](int x, int y) {
        return &image.pixels[std::size_t(y) * image.row_bytes() + std::size_t(x) * 4];
    };
    const auto& around = palette[std::size_t(transparent.value_or(0))];
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) std::memcpy(at(x, y), &around, 4);
    if (frame.Width <= 0) return image;
    std::vector<GifPixelType> line(std::size_t(frame.Width));
    for (const int y : rows_of(frame)) {
        if (DGifGetLine(gif, line.data(), frame.Width) == GIF_ERROR) return broken(gif->Error);
        for (int x = 0; x < frame.Width; ++x)
            std::memcpy(at(frame.Left + x, frame.Top + y), &palette[line[std::size_t(x)]], 4);
    }
    return image;
}

}  // namespace

config::Result<Image> decode_gif(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    Source source{bytes};
    int error = 0;
    const Gif gif(DGifOpen(&source, on_read, &error));
    if (!gif) return broken(error);
    std::optional<int> transparent;
    for (;;) {
        GifRecordType kind = UNDEFINED_RECORD_TYPE;
        if (DGifGetRecordType(gif.get(), &kind) == GIF_ERROR) return broken(gif->Error);
        if (kind == IMAGE_DESC_RECORD_TYPE) return read_frame(gif.get(), transparent, limits);
        if (kind != EXTENSION_RECORD_TYPE)
            return config::fail(Errc::broken_picture, "GIF: without a picture");
        if (!read_extension(gif.get(), transparent)) return broken(gif->Error);
    }
}

}  // namespace generator
