// The cases of golden/pillow: a picture, what Pillow was asked to do with it, and the hash of the
// pixels that came out.
#pragma once

#include "generator/image/decode.hpp"
#include "tests/generator/golden_files.hpp"

#include <utility>

namespace tests {

struct PillowCase {
    std::string name;    // of the picture
    std::string suffix;  // what was done
    generator::Image input;
    int width = 0, height = 0;
    std::string sha256;
};

// Decoded and brought to the channels that the picture had in Pillow. That the decoder is right is
// shown by decode_test, and here again by the hash of its pixels.
inline generator::Image pillow_picture(const std::string& name, const boost::json::object& about) {
    const auto rgba = generator::decode(golden("pillow/" + name + ".png")).value();
    const std::string mode(about.at("mode").as_string());
    const int channels = mode == "L" ? 1 : mode == "RGB" ? 3 : 4;
    generator::Image image{rgba.width, rgba.height, channels, {}};
    for (std::size_t i = 0; i < rgba.pixels.size(); i += 4) {
        image.pixels.insert(image.pixels.end(), &rgba.pixels[i], &rgba.pixels[i] + channels);
    }
    if (sha256(image.pixels) != about.at("pixels_sha256").as_string()) {
        throw std::runtime_error(name + " does not decode to what Pillow had");
    }
    return image;
}

inline std::vector<PillowCase> pillow_cases() {
    std::vector<PillowCase> cases;
    const auto manifest = golden_json("pillow/manifest.json");
    for (const auto& [name, picture] : manifest.at("pictures").as_object()) {
        const auto input = pillow_picture(name, picture.as_object());
        for (const auto& [suffix, result] : picture.at("results").as_object()) {
            const auto& size = result.at("size").as_array();
            cases.push_back({name, suffix, input, size[0].to_number<int>(),
                             size[1].to_number<int>(),
                             std::string(result.at("pixels_sha256").as_string())});
        }
    }
    return cases;
}

}  // namespace tests
