#include "generator/models/text_encoder.hpp"

#include "generator/weights/refused.hpp"

#include <string>
#include <utility>

#include <ATen/ATen.h>

namespace generator {

TextEncoder::TextEncoder(Tokenizer tokenizer, const ClipText::Config& config, Bundle& bundle)
    : tokenizer_(std::move(tokenizer)), length_(config.length), network_(config, bundle) {
    if (tokenizer_.largest_id() >= config.vocabulary)
        refuse(Errc::bad_checkpoint, bundle.file() + ": the tokenizer's ids reach " +
                                         std::to_string(tokenizer_.largest_id()) +
                                         ", but the network knows " +
                                         std::to_string(config.vocabulary) + " tokens");
}

at::Tensor TextEncoder::ids(std::string_view prompt) const {
    const auto ids = or_refuse(tokenizer_.encode(prompt, std::size_t(length_)));
    return at::tensor(at::ArrayRef<std::int64_t>(ids), at::kLong).unsqueeze(0);
}

}  // namespace generator
