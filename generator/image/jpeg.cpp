// JPEG through libjpeg-turbo with its defaults (accurate integer DCT, fancy upsampling). libjpeg
// reports errors by longjmp, so whatever it runs under setjmp holds no C++ object: the functions
// below take a reader that their caller owns and return whether they came through.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <csetjmp>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

namespace generator {
namespace {

struct Reader {
    Reader() = default;
    ~Reader() { jpeg_destroy_decompress(&info); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_source_mgr source{};
    jpeg_progress_mgr progress{};
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void on_error(j_common_ptr info) {
    auto& reader = *static_cast<Reader*>(info->client_data);
    info->err->format_message(info, reader.message);
    std::longjmp(reader.jump, 1);
}

// Damage that libjpeg can work around is accepted in silence, as Pillow does.
void on_message(j_common_ptr, int) {}

// All bytes are there from the start, so to be asked for more means that the file is cut short.
boolean on_empty(j_decompress_ptr info) {
    ERREXIT(info, JERR_INPUT_EOF);
    return FALSE;
}

void on_skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if (std::size_t(count) > info->src->bytes_in_buffer) ERREXIT(info, JERR_INPUT_EOF);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= std::size_t(count);
}

// A progressive file may hold any number of tiny scans, each of which costs a pass over all
// coefficients.
void on_progress(j_common_ptr info) {
    constexpr int kMostScans = 64;
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
    auto& reader = *static_cast<Reader*>(info->client_data);
    std::snprintf(reader.message, sizeof reader.message, "more than %d scans", kMostScans);
    std::longjmp(reader.jump, 1);
}

bool open(Reader& reader, const std::uint8_t* bytes, std::size_t size) {
    auto& info = reader.info;
    info.err = jpeg_std_error(&reader.errors);
    info.client_data = &reader;
    reader.errors.error_exit = on_error;
    reader.errors.emit_message = on_message;
    if (setjmp(reader.jump)) return false;
    jpeg_create_decompress(&info);
    info.progress = &reader.progress;
    reader.progress.progress_monitor = on_progress;
    info.src = &reader.source;
    reader.source.init_source = [](j_decompress_ptr) {};
    reader.source.term_source = [](j_decompress_ptr) {};
    reader.source.fill_input_buffer = on_empty;
    reader.source.skip_input_data = on_skip;
    reader.source.resync_to_restart = jpeg_resync_to_restart;
    reader.source.next_input_byte = bytes;
    reader.source.bytes_in_buffer = size;
    jpeg_read_header(&info, TRUE);
    return true;
}

// Grey and colour become RGBA, four components stay.
bool read(Reader& reader, std::uint8_t* pixels, std::size_t row_bytes) {
    auto& info = reader.info;
    if (setjmp(reader.jump)) return false;
    info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_EXT_RGBA;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = pixels + info.output_scanline * row_bytes;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
}

// Files of four components hold the colours inverted, as Adobe writes them; Pillow assumes it of
// all.
void cmyk_to_rgba(std::vector<std::uint8_t>& pixels) {
    for (std::size_t i = 0; i < pixels.size(); i += 4) {
        for (std::size_t c = 0; c < 4; ++c) pixels[i + c] = std::uint8_t(255 - pixels[i + c]);
        cmyk_to_rgb(&pixels[i], &pixels[i]);
        pixels[i + 3] = 255;
    }
}

config::Error broken(const Reader& reader) {
    return config::fail(Errc::broken_picture, std::string("JPEG: ") + reader.message);
}

}  // namespace

config::Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    Reader reader;
    if (!open(reader, bytes.data(), bytes.size())) {
        if (reader.errors.msg_code == JERR_EMPTY_IMAGE) {
            return config::fail(Errc::empty_picture, "JPEG without width or height");
        }
        if (reader.errors.msg_code == JERR_IMAGE_TOO_BIG) {
            return config::fail(Errc::picture_too_large, "JPEG wider or higher than any may be");
        }
        return broken(reader);
    }
    const auto& info = reader.info;
    if (auto refused = refuse_size(info.image_width, info.image_height, limits)) return *refused;
    if (info.num_components != 1 && info.num_components != 3 && info.num_components != 4) {
        return config::fail(Errc::broken_picture, "JPEG of " + std::to_string(info.num_components) +
                                                      " components: 1, 3 and 4 are known");
    }
    Image image{int(info.image_width), int(info.image_height), 4, {}};
    image.pixels.resize(image.row_bytes() * info.image_height);
    if (!read(reader, image.pixels.data(), image.row_bytes())) return broken(reader);
    if (info.num_components == 4) cmyk_to_rgba(image.pixels);
    return image;
}

}  // namespace generator
