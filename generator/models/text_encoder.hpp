// From a prompt to the condition: CLIP's tokenizer and its text tower, which belong together.
#pragma once

#include "generator/models/clip_text.hpp"
#include "generator/text/tokenizer.hpp"

#include <string_view>

#include <ATen/core/Tensor.h>

namespace generator {

class TextEncoder {
public:
    // Refuses (bad_checkpoint) a tokenizer with ids beyond the network's vocabulary.
    TextEncoder(Tokenizer tokenizer, const ClipText::Config& config, Bundle& bundle);

    // [1, L]. Throws Refused(bad_prompt).
    at::Tensor ids(std::string_view prompt) const;

    // [1, L, C]; of the empty prompt it is what guidance leads away from.
    at::Tensor condition(std::string_view prompt) const { return network_.condition(ids(prompt)); }

private:
    Tokenizer tokenizer_;
    std::int64_t length_;
    ClipText network_;
};

}  // namespace generator
