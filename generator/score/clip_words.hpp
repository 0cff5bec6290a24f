// What a prompt says, as OpenCLIP's text tower has it (Radford et al. 2021, arXiv 2103.00020),
// under open_clip's own tensor names: exact GELU, unlike OpenAI's. Throws Refused.
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/score/sizes.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// All but the heads follow from the tensors.
struct ClipWordsSize {
    std::int64_t vocabulary, length;  // tokens that are known, and at most in a prompt
    std::int64_t channels, hidden, blocks, heads, embedding;

    // args: open_clip_config.json.
    static ClipWordsSize read(const Args& args, const Safetensors& file);
};

class ClipWords {
public:
    ClipWords(const ClipWordsSize& size, Bundle& bundle);

    // ids: at least one, at most `length`, each below the vocabulary -> [1, E] fp32, not
    // normalised. Read at the first of the largest ids, the end of the text; causal, so what stands
    // behind it is not looked at. blocks: takes each block's output up to there, for tests.
    at::Tensor features(const std::vector<std::int64_t>& ids,
                        std::vector<at::Tensor>* blocks = nullptr) const;

private:
    struct Block {
        Block(const Scope& scope, const ClipWordsSize& size);
        void operator()(at::Tensor& x) const;

        std::int64_t heads;
        LayerNorm ln_1;
        at::Tensor in_weight, in_bias;  // [3 C, C], [3 C]
        Linear out;
        LayerNorm ln_2;
        Linear fc, proj;
    };

    at::Device device_;
    at::Tensor token_embedding_, positional_embedding_;
    std::vector<Block> blocks_;
    LayerNorm ln_final_;          // fp32, like the projection
    at::Tensor text_projection_;  // [C, E]
};

}  // namespace generator
