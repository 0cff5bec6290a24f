// The text encoder: CLIP's text tower (Radford et al. 2021, arXiv 2103.00020), under the tensor
// names of openai/clip-vit-large-patch14 as the hub has it.
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class ClipText {
public:
    struct Config {
        std::int64_t vocabulary;
        std::int64_t channels;
        std::int64_t hidden;  // of the feed-forward layers
        std::int64_t blocks;
        std::int64_t heads;
        std::int64_t length;  // tokens

        // Refuses another activation than CLIP's "quick_gelu".
        static Config read(const Args& args);
    };

    ClipText(const Config& config, Bundle& bundle);

    // ids [B, L] i64, any device, each below the vocabulary's size, L at most length -> the last
    // hidden state after the final norm, [B, L, C]: what TRELLIS conditions on.
    at::Tensor condition(const at::Tensor& ids) const;

private:
    struct Block {
        Block(const Scope& scope, const Config& config);
        void operator()(at::Tensor& x) const;

        std::int64_t heads;
        LayerNorm layer_norm1;
        Linear q_proj, k_proj, v_proj, out_proj;
        LayerNorm layer_norm2;
        Linear fc1, fc2;
    };

    at::Device device_;
    at::Tensor token_embedding_, position_embedding_;
    std::vector<Block> blocks_;
    LayerNorm final_layer_norm_;
};

}  // namespace generator
