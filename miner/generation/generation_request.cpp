#include "miner/generation/generation_request.hpp"

#include "generator/image/prepare.hpp"

#include <utility>

namespace miner {

config::Result<generator::Condition> prepare(const generator::Condition& source,
                                             const std::vector<generator::Operation>& chain,
                                             int size) {
    const auto one = [&](const generator::Image& picture) {
        return generator::prepare(generator::enhance(picture, chain), size);
    };
    if (const auto* picture = std::get_if<generator::Image>(&source)) {
        auto result = one(*picture);
        if (!result) return result.error();
        return generator::Condition(std::move(*result));
    }
    const auto& views = std::get<generator::Views>(source);
    generator::Views results{{}, views.mode};
    for (const auto& picture : views.pictures) {
        auto result = one(picture);
        if (!result) return result.error();
        results.pictures.push_back(std::move(*result));
    }
    return generator::Condition(std::move(results));
}

config::Result<generator::Condition> decode(const GenerationRequest& request,
                                            const generator::DecodeLimits& limits) {
    if (const auto* prompt = std::get_if<generator::Prompt>(&request))
        return generator::Condition(*prompt);
    if (const auto* file = std::get_if<std::vector<std::uint8_t>>(&request)) {
        auto picture = generator::decode(*file, limits);
        if (!picture) return picture.error();
        return generator::Condition(std::move(*picture));
    }
    const auto& images = std::get<MultiImage>(request);
    generator::Views views{{}, images.mode};
    for (const auto& file : images.files) {
        auto picture = generator::decode(file, limits);
        if (!picture) return picture.error();
        views.pictures.push_back(std::move(*picture));
    }
    return generator::Condition(std::move(views));
}

std::vector<generator::Image*> pictures_in(generator::Condition& source) {
    std::vector<generator::Image*> pictures;
    if (auto* one = std::get_if<generator::Image>(&source)) pictures.push_back(one);
    if (auto* several = std::get_if<generator::Views>(&source))
        for (auto& picture : several->pictures) pictures.push_back(&picture);
    return pictures;
}

}  // namespace miner
