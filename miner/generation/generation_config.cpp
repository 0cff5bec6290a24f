#include "miner/generation/generation_config.hpp"

#include "generator/errc.hpp"
#include "miner/generation/text_to_image_client.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {
namespace {

constexpr std::size_t kLongestChain = 16;  // of what a caller sends

config::Result<Enhancement> read_enhancement(const std::vector<std::string>& texts) {
    auto chain = generator::parse_chain(texts);
    if (!chain) return chain.error();
    return Enhancement{std::move(*chain),
                       texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ","))};
}

}  // namespace

generator::DecodeLimits limits_of_others(std::int64_t max_pixels) {
    // A picture is cropped to a square of its longer side: one of a few pixels' width would take as
    // much as one of a hundred times as many pixels.
    constexpr std::int64_t kNarrowest = 256, kAlways = 4096;
    generator::DecodeLimits limits;
    limits.max_pixels = max_pixels;
    limits.max_side = std::min(limits.max_side, std::max(kAlways, max_pixels / kNarrowest));
    return limits;
}

config::Result<Enhancement> parse_enhancement(std::string_view words) {
    std::vector<std::string> texts;
    if (words != "none") {
        for (std::size_t begin = 0; begin <= words.size();) {
            if (texts.size() == kLongestChain)
                return config::fail(generator::Errc::bad_operation,
                                    fmt::format("more than {} operations", kLongestChain));
            const auto end = std::min(words.find(',', begin), words.size());
            texts.emplace_back(words.substr(begin, end - begin));
            begin = end + 1;
        }
    }
    return read_enhancement(texts);
}

config::Result<GenerationConfig> read_generation_config(const config::Settings& settings,
                                                        Pictures from) {
    auto standard = read_enhancement(settings.enhance.standard);
    if (!standard) return standard.error();
    auto extreme = read_enhancement(settings.enhance.extreme);
    if (!extreme) return extreme.error();
    auto pictures = TextToImageClient::options(settings.picture_service);
    if (!pictures) return pictures.error();
    const auto& matting = settings.generator.matting;
    // Which made them as large as it was asked to.
    const std::int64_t side = *pictures ? settings.picture_service.size : 0;
    const auto of_service = side * side;
    generator::DecodeLimits limits;
    if (from == Pictures::of_others)
        limits = limits_of_others(std::max(settings.generator.max_pixels, of_service));
    return GenerationConfig{.gate = settings.gate,
                            .export_ = settings.export_,
                            .standard = std::move(*standard),
                            .extreme = std::move(*extreme),
                            .matting = matting == "always"  ? GenerationConfig::Matting::always
                                       : matting == "never" ? GenerationConfig::Matting::never
                                                            : GenerationConfig::Matting::automatic,
                            .stage2_uses_plain_picture = settings.enhance.applies_to == "structure",
                            .deadline = settings.generator.deadline,
                            .picture_limits = limits,
                            .pictures = std::move(*pictures)};
}

}  // namespace miner
