#include "tests/endure/hostile_pictures.hpp"

#include "tests/support/fake_generator.hpp"
#include "tests/support/paths.hpp"

#include <zlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace endure {
namespace {

void put_big(Bytes& to, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) to.push_back(std::uint8_t(value >> shift));
}

void put_chunk(Bytes& png, std::string_view name, const Bytes& body) {
    put_big(png, std::uint32_t(body.size()));
    const auto begin = png.size();
    png.insert(png.end(), name.begin(), name.end());
    png.insert(png.end(), body.begin(), body.end());
    put_big(png, std::uint32_t(::crc32(0, &png[begin], uInt(png.size() - begin))));
}

// So many times the same row, as zlib has it.
Bytes deflated(const Bytes& row, std::uint32_t rows) {
    z_stream stream{};
    if (::deflateInit(&stream, Z_BEST_COMPRESSION) != Z_OK) throw std::runtime_error("zlib");
    Bytes out, piece(1 << 16);
    for (std::uint32_t i = 0; i < rows; ++i) {
        stream.next_in = const_cast<std::uint8_t*>(row.data());
        stream.avail_in = uInt(row.size());
        do {
            stream.next_out = piece.data();
            stream.avail_out = uInt(piece.size());
            ::deflate(&stream, i + 1 == rows ? Z_FINISH : Z_NO_FLUSH);
            out.insert(out.end(), piece.data(), piece.data() + (piece.size() - stream.avail_out));
        } while (stream.avail_out == 0);
    }
    ::deflateEnd(&stream);
    return out;
}

Bytes head(std::uint32_t width, std::uint32_t height, std::uint8_t depth, std::uint8_t colours) {
    constexpr std::string_view kMagic("\x89PNG\r\n\x1a\n", 8);
    Bytes png(kMagic.begin(), kMagic.end()), header;
    put_big(header, width);
    put_big(header, height);
    for (const std::uint8_t byte :
         {depth, colours, std::uint8_t(0), std::uint8_t(0), std::uint8_t(0)})
        header.push_back(byte);
    put_chunk(png, "IHDR", header);
    return png;
}

}  // namespace

Bytes plain_png(std::uint32_t width, std::uint32_t height, int orientation) {
    auto png = head(width, height, 8, 6);
    if (orientation != 1) {
        Bytes exif{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0};
        exif.push_back(std::uint8_t(orientation));
        exif.insert(exif.end(), 6, 0);
        put_chunk(png, "eXIf", exif);
    }
    Bytes row(1 + 4 * std::size_t(width), 200);
    row[0] = 0;  // no filter
    put_chunk(png, "IDAT", deflated(row, height));
    put_chunk(png, "IEND", {});
    return png;
}

Bytes tiff_of_a_large_tile(std::uint32_t side) {
    constexpr std::uint16_t kShort = 3, kLong = 4, kSamples = 6;
    const std::uint32_t tile = (2 * side + 15) / 16 * 16;  // sides of tiles are multiples of 16
    const auto content = deflated(Bytes(std::size_t(tile) * kSamples * 2, 0), tile);
    struct Field {
        std::uint16_t tag, type;
        std::uint32_t count, value;
    };
    constexpr std::uint32_t kFields = 12, kAfter = 8 + 2 + 12 * kFields + 4;
    const Field fields[kFields]{
        {256, kLong, 1, side},                               // width
        {257, kLong, 1, side},                               // height
        {258, kShort, kSamples, kAfter},                     // bits
        {259, kShort, 1, 8},                                 // deflated
        {262, kShort, 1, 2},                                 // RGB
        {277, kShort, 1, kSamples},                          // samples
        {284, kShort, 1, 1},                                 // one beside the other
        {322, kLong, 1, tile},                               // a tile's width
        {323, kLong, 1, tile},                               // and height
        {324, kLong, 1, kAfter + 4 * kSamples},              // where it is
        {325, kLong, 1, std::uint32_t(content.size())},      // and how long
        {338, kShort, kSamples - 3, kAfter + 2 * kSamples},  // what the others are: nothing
    };
    Bytes tiff;
    const auto put = [&](std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) tiff.push_back(std::uint8_t(value >> 8 * i));
    };
    put(0x002A4949, 4);
    put(8, 4);
    put(kFields, 2);
    for (const auto& field : fields) {
        put(field.tag, 2);
        put(field.type, 2);
        put(field.count, 4);
        put(field.value, 4);
    }
    put(0, 4);
    for (int i = 0; i < kSamples; ++i) put(16, 2);
    tiff.insert(tiff.end(), 2 * kSamples, 0);
    tiff.insert(tiff.end(), content.begin(), content.end());
    return tiff;
}

Bytes gigapixel_png() {
    constexpr std::uint32_t kSide = 1 << 15;
    auto png = head(kSide, kSide, 1, 0);
    put_chunk(png, "IDAT", deflated(Bytes(1 + kSide / 8, 0), kSide));
    put_chunk(png, "IEND", {});
    return png;
}

Bytes png_of_texts(std::size_t bytes) {
    constexpr std::string_view kKeyword("XML:com.adobe.xmp\0\0", 19);
    Bytes text(kKeyword.begin(), kKeyword.end());
    const auto inflating = deflated(Bytes(1 << 16, ' '), 122);
    text.insert(text.end(), inflating.begin(), inflating.end());
    const auto small = tests::small_png();
    constexpr std::size_t kHeaderEnd = 33;
    Bytes png(small.begin(), small.begin() + kHeaderEnd);
    while (png.size() + text.size() + small.size() < bytes) put_chunk(png, "zTXt", text);
    png.insert(png.end(), small.begin() + kHeaderEnd, small.end());
    return png;
}

Bytes claiming_jpeg(int side) {
    const auto path = tests::project_path("tests/golden/pillow/decode/progressive_444_q90.jpg");
    std::ifstream stream(path, std::ios::binary);
    Bytes jpeg{std::istreambuf_iterator<char>(stream), {}};
    for (std::size_t at = 2; at + 9 < jpeg.size();) {
        if (jpeg[at + 1] != 0xC2) {  // of a progressive picture's frame
            at += 2 + (std::size_t(jpeg[at + 2]) << 8 | jpeg[at + 3]);
            continue;
        }
        for (const std::size_t number : {at + 5, at + 7}) {
            jpeg[number] = std::uint8_t(side >> 8);
            jpeg[number + 1] = std::uint8_t(side);
        }
        return jpeg;
    }
    throw std::runtime_error("no frame in " + path);
}

}  // namespace endure
