// How splats are made of a picture or a prompt, as plain values from the settings.
#pragma once

#include "config/settings.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/enhance.hpp"
#include "network/picture_service.hpp"
#include "storage/attempt.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

struct Enhancement {
    std::vector<generator::Operation> chain;
    std::string words = "none";  // the same as text: "sharpness:3.5,contrast:1.8"
};

// Operations with commas between them, or "none". Fails with generator::Errc::bad_operation.
config::Result<Enhancement> parse_enhancement(std::string_view words);

struct GenerationConfig {
    enum class Matting { automatic, always, never };

    config::Gate gate;
    config::Export export_;
    Enhancement standard, extreme;  // of the first attempt, and of a retry
    Matting matting = Matting::automatic;
    bool stage2_uses_plain_picture = false;  // enhance.applies_to = "structure"
    std::chrono::milliseconds deadline{240'000};
    generator::DecodeLimits picture_limits = {};
    std::optional<network::PictureService::Options> pictures = {};  // text-to-image, of prompts

    // Of a picture.
    const Enhancement& enhancement(storage::EnhancementChain chain) const {
        return chain == storage::EnhancementChain::extreme ? extreme : standard;
    }
};

// Who brings the pictures: generator.max_pixels limits what others send, and the operator's own may
// be as large as any picture that is read.
enum class Pictures { of_others, of_operator };

// Of pictures that others send, with generator.max_pixels as given: none of them may be far longer
// than wide.
generator::DecodeLimits limits_of_others(std::int64_t max_pixels);

// Fails with generator::Errc::bad_operation when a chain of the settings is wrong, and as
// TextToImageClient::options does.
config::Result<GenerationConfig> read_generation_config(const config::Settings& settings,
                                                        Pictures from = Pictures::of_others);

}  // namespace miner
