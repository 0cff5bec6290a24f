// The vision transformer that two of the scorer's networks are (Dosovitskiy et al. 2021, arXiv
// 2010.11929), under the Hugging Face hub's tensor names of Dinov2Model (without registers) and of
// CLIPVisionModel. Throws Refused.
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/score/sizes.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

enum class VitNames {
    dinov2,  // layer scale, a bias on the patches
    clip,    // a norm before the first block
};

// All but heads, epsilon and activation follow from the tensors.
struct VitSize {
    VitNames names;
    std::int64_t picture;  // side, in pixels; the position table fits it exactly
    std::int64_t patch;
    std::int64_t channels, hidden, blocks, heads;
    double eps;
    bool quick_gelu;  // x sigmoid(1.702 x), else exact

    // args: config.json, or its "vision_config". The file's names begin with `prefix`.
    static VitSize read(const Args& args, const Safetensors& file, VitNames names);
};

class Vit {
public:
    Vit(const VitSize& size, const Scope& scope);  // at "embeddings", "encoder"

    // x [B, 3, S, S] -> [B, 1 + P^2, C], the last block's output: class token, patches row by row.
    // blocks: takes each block's output, for tests.
    at::Tensor operator()(const at::Tensor& x, std::vector<at::Tensor>* blocks = nullptr) const;

private:
    struct Block {
        Block(const Scope& scope, const VitSize& size);
        // x, and norm1 of it; adds to x and returns what `next`, if there is one, makes of the sum.
        at::Tensor operator()(const at::Tensor& x, const at::Tensor& normed,
                              const LayerNorm* next) const;

        std::int64_t heads;
        bool quick_gelu;
        LayerNorm norm1;
        Linear qkv, out;
        LayerNorm norm2;
        Linear fc1, fc2;
        at::Tensor scale1, scale2;  // [C]; undefined without layer scale
    };

    std::int64_t patch_;
    at::ScalarType dtype_;
    at::Tensor patch_weight_, patch_bias_;
    at::Tensor class_token_;  // [1, 1, C]
    at::Tensor positions_;    // [1, 1 + P^2, C]
    std::optional<LayerNorm> first_norm_;
    std::vector<Block> blocks_;
};

// How good the picture of an object is: DINOv2-small (Oquab et al. 2023, arXiv 2304.07193) and a
// linear head on its class token.
class QualityNetwork {
public:
    // bundle: the base, tuned by what is laid over it; head: has score_head.
    QualityNetwork(const VitSize& size, Bundle& bundle, Bundle& head);

    // x [B, 3, S, S] -> the class token after the last norm, [B, C] fp32.
    at::Tensor token(const at::Tensor& x, std::vector<at::Tensor>* blocks = nullptr) const;
    at::Tensor logits(const at::Tensor& token) const;  // [B, C] -> [B] fp32

private:
    Vit vit_;
    LayerNorm norm_;  // this and the head in fp32: here a rounding shows in the score
    Linear head_;
};

// What a picture shows, as LLM2CLIP's ViT-L/14-336 has it (Huang et al. 2024, arXiv 2411.04997).
class PictureNetwork {
public:
    // Names begin with "vision_model." and "visual_projection."; `features`: how many it has.
    PictureNetwork(const VitSize& size, std::int64_t features, Bundle& bundle);

    static std::int64_t projected(const Safetensors& file);  // features, as the file says

    // x [B, 3, S, S] -> [B, E] fp32, not normalised.
    at::Tensor features(const at::Tensor& x, std::vector<at::Tensor>* blocks = nullptr) const;

private:
    Vit vit_;
    LayerNorm norm_;
    at::Tensor projection_;  // [E, C] fp32
};

}  // namespace generator
