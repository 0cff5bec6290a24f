// PNG through libpng. libpng reports errors by longjmp, so whatever it runs under setjmp holds no
// C++ object: the functions below take a reader that their caller owns and return whether they came
// through.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <csetjmp>
#include <cstring>

#include <png.h>

namespace generator {
namespace {

struct Reader {
    explicit Reader(std::span<const std::uint8_t> bytes) : rest(bytes) {}
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    std::span<const std::uint8_t> rest;
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf jump;
    char message[160] = "out of memory";
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto& reader = *static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(reader.message, message, sizeof reader.message - 1);
    std::longjmp(reader.jump, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, std::size_t size) {
    auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
    if (size > reader.rest.size()) png_error(png, "cut short");
    std::memcpy(to, reader.rest.data(), size);
    reader.rest = reader.rest.subspan(size);
}

// Reads up to the pixels and asks for 8-bit RGBA.
bool open(Reader& reader) {
    if (setjmp(reader.jump)) return false;
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    if (!reader.png) return false;
    reader.info = png_create_info_struct(reader.png);
    if (!reader.info) return false;
    png_set_read_fn(reader.png, &reader, on_read);
    // Nothing but IHDR, PLTE, tRNS and IDAT shows in the pixels: profiles and texts are not even
    // inflated.
    png_set_keep_unknown_chunks(reader.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(reader.png, reader.info);
    png_set_expand(reader.png);
    png_set_strip_16(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_add_alpha(reader.png, 0xFF, PNG_FILLER_AFTER);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    return true;
}

// What follows the pixels is not read: a missing IEND costs nothing, and the checksum of the pixels
// was checked.
bool read(Reader& reader, png_bytepp rows) {
    if (setjmp(reader.jump)) return false;
    png_read_image(reader.png, rows);
    return true;
}

std::uint32_t big_endian(const std::uint8_t* at) {
    return std::uint32_t(at[0]) << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

}  // namespace

config::Result<Image> decode_png(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    // IHDR comes first and says the size, so libpng need not be asked.
    constexpr std::size_t kHeaderEnd = 33;
    if (bytes.size() < kHeaderEnd) return config::fail(Errc::broken_picture, "PNG: cut short");
    if (std::memcmp(&bytes[12], "IHDR", 4) != 0) {
        return config::fail(Errc::broken_picture, "PNG: does not begin with IHDR");
    }
    const std::uint32_t width = big_endian(&bytes[16]), height = big_endian(&bytes[20]);
    if (auto refused = refuse_size(width, height, limits)) return *refused;

    Reader reader(bytes);
    if (!open(reader)) {
        return config::fail(Errc::broken_picture, std::string("PNG: ") + reader.message);
    }
    Image image{int(width), int(height), 4, {}};
    if (png_get_rowbytes(reader.png, reader.info) != image.row_bytes()) {
        return config::fail(Errc::broken_picture, "PNG: of a kind that does not become RGBA");
    }
    image.pixels.resize(image.row_bytes() * height);
    std::vector<png_bytep> rows(height);
    for (std::size_t y = 0; y < height; ++y) rows[y] = &image.pixels[y * image.row_bytes()];
    if (!read(reader, rows.data())) {
        return config::fail(Errc::broken_picture, std::string("PNG: ") + reader.message);
    }
    return image;
}

std::vector<std::uint8_t> encode_png(const Image& image) {
    constexpr std::uint32_t kFormats[] = {0, PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                          PNG_FORMAT_RGBA};
    if (image.width <= 0 || image.height <= 0) return {};
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    header.width = std::uint32_t(image.width);
    header.height = std::uint32_t(image.height);
    header.format = kFormats[image.channels];
    std::vector<std::uint8_t> bytes(PNG_IMAGE_PNG_SIZE_MAX(header));
    png_alloc_size_t size = bytes.size();
    // The simplified interface catches libpng's errors by itself.
    if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0,
                                   nullptr)) {
        return {};
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace generator
