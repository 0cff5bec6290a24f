#include "generator/nn/attention.hpp"

#include "generator/kernels/attend.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

std::optional<MultiHeadRmsNorm> norm_if(const Scope& scope, const AttentionSize& size) {
    if (!size.qk_norm) return std::nullopt;
    return MultiHeadRmsNorm(scope, size.heads, size.channels / size.heads);
}

}  // namespace

SelfAttention::SelfAttention(const Scope& scope, const AttentionSize& size)
    : heads_(size.heads),
      lengths_(size.lengths),
      to_qkv_(scope / "to_qkv", size.channels, 3 * size.channels),
      to_out_(scope / "to_out", size.channels, size.channels) {
    if (size.qk_norm)
        qk_rms_norm_.emplace({scope / "q_rms_norm", scope / "k_rms_norm"}, heads_,
                             size.channels / heads_);
}

at::Tensor SelfAttention::queries_keys_values(const at::Tensor& x) const {
    auto qkv = to_qkv_(x).unflatten(-1, {3, heads_, -1});
    if (qk_rms_norm_) qk_rms_norm_->apply_(qkv.narrow(-3, 0, 2).flatten(-3, -2));
    return qkv;
}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const PaddedSequence& sequence) const {
    const auto all = queries_keys_values(x);
    const auto qkv = all.unbind(-3);
    if (!sequence) return to_out_(attend(qkv[0], qkv[1], qkv[2], lengths_));
    // Whatever became of the rows that pad: a NaN times a weight of zero would be one in every sum.
    all.narrow(1, sequence.rows, sequence.size - sequence.rows).zero_();
    return to_out_(attend_padded(qkv[0], qkv[1], qkv[2], sequence));
}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const Windows& windows) const {
    const auto qkv = queries_keys_values(x.index_select(0, windows.order)).unbind(-3);
    return to_out_(attend_in_windows(qkv[0], qkv[1], qkv[2], windows.bounds))
        .index_select(0, windows.place);
}

CrossAttention::CrossAttention(const Scope& scope, const AttentionSize& size,
                               std::int64_t condition_channels)
    : heads_(size.heads),
      lengths_(size.lengths),
      to_q_(scope / "to_q", size.channels, size.channels),
      to_kv_(scope / "to_kv", condition_channels, 2 * size.channels),
      q_rms_norm_(norm_if(scope / "q_rms_norm", size)),
      k_rms_norm_(norm_if(scope / "k_rms_norm", size)),
      to_out_(scope / "to_out", size.channels, size.channels) {}

CrossAttention::Memory CrossAttention::remember(const at::Tensor& condition) const {
    if (!condition.defined()) return {{}, {}, to_out_(to_kv_.bias().chunk(2)[1])};
    const auto keys_values = to_kv_(condition).unflatten(-1, {2, heads_, -1});  // [1, L, 2, H, D]
    const auto keys = keys_values.select(2, 0);
    if (k_rms_norm_) k_rms_norm_->apply_(keys);
    return {keys, keys_values.select(2, 1), {}};
}

at::Tensor CrossAttention::operator()(const at::Tensor& x, const Memory& memory,
                                      const PaddedSequence& sequence) const {
    const auto queries = to_q_(x).unflatten(-1, {heads_, -1});
    if (q_rms_norm_) q_rms_norm_->apply_(queries);
    const auto lengths = sequence ? Lengths::planned : lengths_;
    return to_out_(attend(queries, memory.keys, memory.values, lengths));
}

}  // namespace generator
