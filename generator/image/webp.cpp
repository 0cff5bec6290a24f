// WebP through libwebp, by the animation decoder that Pillow uses too: a still picture is an
// animation of one frame.
#include "generator/errc.hpp"
#include "generator/image/formats.hpp"

#include <cstring>
#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

namespace generator {

config::Result<Image> decode_webp(std::span<const std::uint8_t> bytes, const DecodeLimits& limits) {
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) {
        return config::fail(Errc::broken_picture, "WebP: unreadable header");
    }
    if (auto refused = refuse_size(features.width, features.height, limits)) return *refused;

    WebPAnimDecoderOptions options;
    if (!WebPAnimDecoderOptionsInit(&options)) {
        return config::fail(Errc::internal, "libwebp of another version than it was built for");
    }
    options.color_mode = MODE_RGBA;
    const WebPData data{bytes.data(), bytes.size()};
    const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
        WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
    WebPAnimInfo info;
    if (!decoder || !WebPAnimDecoderGetInfo(decoder.get(), &info)) {
        return config::fail(Errc::broken_picture, "WebP: cut short or damaged");
    }
    if (auto refused = refuse_size(info.canvas_width, info.canvas_height, limits)) return *refused;
    std::uint8_t* canvas = nullptr;  // stays the decoder's
    int milliseconds = 0;
    if (!WebPAnimDecoderGetNext(decoder.get(), &canvas, &milliseconds)) {
        return config::fail(Errc::broken_picture, "WebP: cut short or damaged");
    }
    Image image{int(info.canvas_width), int(info.canvas_height), 4, {}};
    image.pixels.assign(canvas, canvas + image.row_bytes() * image.height);
    if (!features.has_alpha) {
        // Where the frame does not cover the canvas, it is left transparent.
        for (std::size_t i = 3; i < image.pixels.size(); i += 4) image.pixels[i] = 255;
    }
    return image;
}

}  // namespace generator
