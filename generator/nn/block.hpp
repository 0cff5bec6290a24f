// The blocks that the networks repeat: a diffusion transformer's (Peebles & Xie 2023, arXiv
// 2212.09748, with cross-attention to a condition) and a shifted-window one (Liu et al. 2021, arXiv
// 2103.14030).
#pragma once

#include "generator/nn/attention.hpp"
#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class FeedForward {
public:
    FeedForward(const Scope& scope, std::int64_t channels, double ratio);

    at::Tensor operator()(const at::Tensor& x) const;

private:
    Linear mlp0_, mlp2_;
};

// What the time of one step makes of a block by adaLN; each [C].
struct BlockModulation {
    at::Tensor shift_attention, scale_attention, gate_attention;  // scales are whole factors: 1 + s
    at::Tensor shift_mlp, scale_mlp, gate_mlp;
};

struct BlockSize {
    std::int64_t channels;
    std::int64_t condition_channels;
    std::int64_t heads;
    double mlp_ratio = 4;
    bool qk_norm = false;
    bool qk_norm_cross = false;
    Lengths lengths = Lengths::fixed;  // of the sequence
};

class DitBlock {
public:
    DitBlock(const Scope& scope, const BlockSize& size);

    // One for each time of the schedule: it depends on the time alone, so it is computed once a
    // generation.
    std::vector<BlockModulation> modulations(
        const at::Tensor& time_embeddings) const;  // [S, C] fp32

    CrossAttention::Memory remember(const at::Tensor& condition) const {
        return cross_attn_.remember(condition);
    }

    // The block in two parts; x [B, T, C] is changed in place. A part takes the norm that the one
    // before it left and leaves that of the next, since a norm costs little where x was just
    // written. Up to the end of the first part, entries that differ in their condition alone are
    // still the same.
    static at::Tensor enter(const at::Tensor& x, const BlockModulation& modulation);
    at::Tensor self_attend(const at::Tensor& x, const at::Tensor& normed,
                           const BlockModulation& modulation, const PaddedSequence& tokens) const;
    // Entry b attends to memories[b]. `normed` is used up; next: the modulation of the block that
    // follows, null for the last one, which leaves nothing.
    at::Tensor cross_attend_and_feed(const at::Tensor& x, const at::Tensor& normed,
                                     const BlockModulation& modulation,
                                     const std::vector<CrossAttention::Memory>& memories,
                                     const PaddedSequence& tokens,
                                     const BlockModulation* next) const;

private:
    LayerNorm norm2_;
    SelfAttention self_attn_;
    CrossAttention cross_attn_;
    FeedForward mlp_;
    Linear adaln_modulation_;
};

class SwinBlock {
public:
    SwinBlock(const Scope& scope, const AttentionSize& size, double mlp_ratio);

    void operator()(at::Tensor& x, const Windows& windows) const;  // [T, C], changed in place

private:
    SelfAttention attn_;
    FeedForward mlp_;
};

}  // namespace generator
