// Multi-head attention over one sequence (Vaswani et al. 2017, arXiv 1706.03762), over windows of
// it, and over a condition that stays the same for a whole generation.
#pragma once

#include "generator/kernels/attend.hpp"
#include "generator/nn/linear.hpp"
#include "generator/nn/norm.hpp"
#include "generator/nn/sparse_shape.hpp"

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace generator {

struct AttentionSize {
    std::int64_t channels;
    std::int64_t heads;  // divides channels
    bool qk_norm = false;
    Lengths lengths = Lengths::fixed;  // of the sequence
};

class SelfAttention {
public:
    SelfAttention(const Scope& scope, const AttentionSize& size);

    // [B, T, C], all tokens of an entry to each other; those of a planned sequence, if it is one.
    at::Tensor operator()(const at::Tensor& x, const PaddedSequence& sequence = {}) const;
    at::Tensor operator()(const at::Tensor& x,
                          const Windows& windows) const;  // [T, C], within each window

private:
    at::Tensor queries_keys_values(const at::Tensor& x) const;  // [..., T, 3, H, D], norms applied

    std::int64_t heads_;
    Lengths lengths_;
    Linear to_qkv_;
    std::optional<MultiHeadRmsNorm> qk_rms_norm_;
    Linear to_out_;
};

class CrossAttention {
public:
    // What a condition comes to in this layer.
    struct Memory {
        at::Tensor keys, values;  // [1, L, H, D]; undefined for a condition of zeros
        // [C]: the layer's answer to a condition of zeros, the same for every token.
        at::Tensor constant;
    };

    CrossAttention(const Scope& scope, const AttentionSize& size, std::int64_t condition_channels);

    // condition [1, L, condition_channels], or undefined for zeros: then all keys are alike and so
    // are all values, and attention returns that value whatever is asked.
    Memory remember(const at::Tensor& condition) const;

    // [1, T, C] -> the same; not for a condition of zeros. x: a planned sequence, if that is one.
    at::Tensor operator()(const at::Tensor& x, const Memory& memory,
                          const PaddedSequence& sequence = {}) const;

private:
    std::int64_t heads_;
    Lengths lengths_;
    Linear to_q_, to_kv_;
    std::optional<MultiHeadRmsNorm> q_rms_norm_, k_rms_norm_;
    Linear to_out_;
};

}  // namespace generator
