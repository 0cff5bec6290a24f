// What a picture shows, as OpenCLIP's convnext_large_d has it: ConvNeXt (Liu et al. 2022, arXiv
// 2201.03545) under timm's names, with open_clip's head of two linear layers. Throws Refused.
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/score/sizes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

struct ConvNextSize {
    struct Stage {
        std::int64_t blocks, channels, hidden, kernel;
    };
    std::int64_t patch;  // of the stem
    std::vector<Stage> stages;
    std::int64_t head_hidden, embedding;

    static ConvNextSize read(const Safetensors& file);
};

class ConvNext {
public:
    ConvNext(const ConvNextSize& size, Bundle& bundle);

    // x [B, 3, S, S] -> [B, E] fp32, not normalised. stages: takes each stage's output, [B, C, s,
    // s], for tests.
    at::Tensor features(const at::Tensor& x, std::vector<at::Tensor>* stages = nullptr) const;

private:
    struct Block {
        Block(const Scope& scope, const ConvNextSize::Stage& stage);
        void operator()(at::Tensor& x) const;  // [B, h, w, C] fp32

        std::int64_t padding;
        at::Tensor weight, bias;  // depth-wise
        LayerNorm norm;
        Linear fc1, fc2;
        at::Tensor gamma;
    };
    struct Stage {
        Stage(const Scope& scope, const ConvNextSize::Stage& size, std::int64_t in, bool first);

        std::optional<LayerNorm> norm;  // before the smaller picture; not in the first stage
        at::Tensor weight, bias;        // undefined likewise
        std::vector<Block> blocks;
    };

    at::ScalarType dtype_;
    std::int64_t patch_;
    at::Tensor stem_weight_, stem_bias_;
    LayerNorm stem_norm_;
    std::vector<Stage> stages_;
    // The head is small, and in fp32.
    LayerNorm norm_;
    Linear fc1_;
    at::Tensor fc2_;  // [E, H], no bias
};

}  // namespace generator
