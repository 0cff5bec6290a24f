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

Bytes plain_png(std::uint32_t side, int orientation) {
    auto png = head(side, side, 8, 6);
    if (orientation != 1) {
        Bytes exif{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0};
        exif.push_back(std::uint8_t(orientation));
        exif.insert(exif.end(), 6, 0);
        put_chunk(png, "eXIf", exif);
    }
    Bytes row(1 + 4 * std::size_t(side), 200);
    row[0] = 0;  // no filter
    put_chunk(png, "IDAT", deflated(row, side));
    put_chunk(png, "IEND", {});
    return png;
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
