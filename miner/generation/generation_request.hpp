// What is to be generated, as it comes and as a Generator takes it. Pure; on any lane.
#pragma once

#include "config/result.hpp"
#include "generator/generator.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/enhance.hpp"

#include <cstdint>
#include <variant>
#include <vector>

namespace miner {

// Bytes of several picture files that show one object; at least one.
struct MultiImage {
    std::vector<std::vector<std::uint8_t>> files;
    generator::Views::Mode mode = generator::Views::Mode::stochastic;
};

// The bytes of a picture file or of several, or words.
using GenerationRequest = std::variant<std::vector<std::uint8_t>, MultiImage, generator::Prompt>;

// Pictures as they are in their files, RGBA; words as they came. Fails as generator::decode does.
config::Result<generator::Condition> decode(const GenerationRequest& request,
                                            const generator::DecodeLimits& limits);

// Pictures enhanced by `chain` and cropped to RGB of `size` squared; not for a prompt. Fails as
// generator::prepare does.
config::Result<generator::Condition> prepare(const generator::Condition& source,
                                             const std::vector<generator::Operation>& chain,
                                             int size);

inline bool is_prompt(const GenerationRequest& request) {
    return std::holds_alternative<generator::Prompt>(request);
}
inline bool is_prompt(const generator::Condition& source) {
    return std::holds_alternative<generator::Prompt>(source);
}

// None of a prompt.
std::vector<generator::Image*> pictures_in(generator::Condition& source);

}  // namespace miner
