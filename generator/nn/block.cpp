#include "generator/nn/block.hpp"

#include "generator/kernels/residual_norm.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-6;

}  // namespace

FeedForward::FeedForward(const Scope& scope, std::int64_t channels, double ratio)
    : mlp0_(scope / "mlp" / 0, channels, std::int64_t(double(channels) * ratio)),
      mlp2_(scope / "mlp" / 2, std::int64_t(double(channels) * ratio), channels) {}

at::Tensor FeedForward::operator()(const at::Tensor& x) const { return mlp2_(mlp0_.gelu(x)); }

DitBlock::DitBlock(const Scope& scope, const BlockSize& size)
    : norm2_(scope / "norm2", size.channels, kEps),
      self_attn_(scope / "self_attn", {size.channels, size.heads, size.qk_norm, size.lengths}),
      cross_attn_(scope / "cross_attn",
                  {size.channels, size.heads, size.qk_norm_cross, size.lengths},
                  size.condition_channels),
      mlp_(scope / "mlp", size.channels, size.mlp_ratio),
      adaln_modulation_(scope / "adaLN_modulation" / 1, size.channels, 6 * size.channels) {}

std::vector<BlockModulation> DitBlock::modulations(const at::Tensor& time_embeddings) const {
    auto all = adaln_modulation_(at::silu(time_embeddings)).unflatten(1, {6, -1});  // [S, 6, C]
    all.select(1, 1).add_(1);
    all.select(1, 4).add_(1);
    std::vector<BlockModulation> result;
    for (const auto& one : all.unbind(0))
        result.push_back({one[0], one[1], one[2], one[3], one[4], one[5]});
    return result;
}

at::Tensor DitBlock::enter(const at::Tensor& x, const BlockModulation& m) {
    return layer_norm(x, m.scale_attention, m.shift_attention, kEps);
}

at::Tensor DitBlock::self_attend(const at::Tensor& x, const at::Tensor& normed,
                                 const BlockModulation& m, const PaddedSequence& tokens) const {
    return norm2_.after_(x, {self_attn_(normed, tokens), m.gate_attention});
}

at::Tensor DitBlock::cross_attend_and_feed(const at::Tensor& x, const at::Tensor& normed,
                                           const BlockModulation& m,
                                           const std::vector<CrossAttention::Memory>& memories,
                                           const PaddedSequence& tokens,
                                           const BlockModulation* next) const {
    for (std::size_t b = 0; b < memories.size(); ++b) {
        const auto entry = x.narrow(0, std::int64_t(b), 1),
                   entry_norm = normed.narrow(0, std::int64_t(b), 1);
        const bool zeros = !memories[b].keys.defined();
        const auto attended =
            zeros ? memories[b].constant : cross_attn_(entry_norm, memories[b], tokens);
        residual_norm_(entry, {attended, {}}, {m.scale_mlp, m.shift_mlp}, kEps, entry_norm);
    }
    const Residual fed{mlp_(normed), m.gate_mlp};
    if (next) {
        const Modulation modulation{next->scale_attention, next->shift_attention};
        return residual_norm_(x, fed, modulation, kEps, normed);
    }
    x.addcmul_(fed.gate, fed.y);
    return {};
}

SwinBlock::SwinBlock(const Scope& scope, const AttentionSize& size, double mlp_ratio)
    : attn_(scope / "attn", size), mlp_(scope / "mlp", size.channels, mlp_ratio) {}

void SwinBlock::operator()(at::Tensor& x, const Windows& windows) const {
    const auto attended = attn_(layer_norm(x, kEps), windows);
    x.add_(mlp_(residual_norm_(x, {attended, {}}, {}, kEps)));
}

}  // namespace generator
