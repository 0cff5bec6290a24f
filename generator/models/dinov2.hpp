// The picture encoder: DINOv2 with registers (Oquab et al. 2023, arXiv 2304.07193; Darcet et al.
// 2023, arXiv 2309.16588), under its authors' tensor names or the Hugging Face hub's
// (facebook/dinov2-with-registers-large).
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class DinoV2 {
public:
    struct Config {
        std::int64_t picture_size;  // side, in pixels
        std::int64_t patch_size;
        std::int64_t channels;
        std::int64_t blocks;
        std::int64_t heads;
        double mlp_ratio;
        std::int64_t registers;
        bool hub;  // tensors have the hub's names

        // Either the authors' keys ("embed_dim", "depth") or the hub's ("hidden_size"); refuses
        // what the hub's library would make another network of.
        static Config read(const Args& args);
    };

    DinoV2(const Config& config, Bundle& bundle);

    // bytes [S, S, 3] u8, any device -> last block's output before the network's own last norm, [1,
    // 1 + R + P^2, C].
    at::Tensor features(const at::Tensor& bytes) const;

    // What TRELLIS conditions on: features() normalised without weights, fp32. Tokens: class,
    // registers, patches row by row.
    at::Tensor condition(const at::Tensor& features) const;

private:
    struct Block {
        Block(const Scope& scope, const Config& config);
        void operator()(at::Tensor& x) const;

        std::int64_t heads;
        LayerNorm norm1;
        Linear qkv, proj;
        at::Tensor ls1;
        LayerNorm norm2;
        Linear fc1, fc2;
        at::Tensor ls2;
    };

    at::Device device_;
    at::ScalarType dtype_;
    std::int64_t patch_size_;
    at::Tensor mean_, deviation_;  // of ImageNet's colours, [1, 3, 1, 1]
    at::Tensor patch_weight_, patch_bias_;
    at::Tensor cls_token_, register_tokens_, pos_embed_;
    std::vector<Block> blocks_;
};

}  // namespace generator
