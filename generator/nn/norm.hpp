// Layer norms, with and without weights, and the root-mean-square norm of attention heads.
// Statistics are in fp32 whatever the type of x; the result has x's type.
#pragma once

#include "generator/kernels/residual_norm.hpp"
#include "generator/weights/bundle.hpp"

#include <cstdint>
#include <initializer_list>

#include <ATen/core/Tensor.h>

namespace generator {

// Over the last dimension, without weights.
at::Tensor layer_norm(const at::Tensor& x, double eps);

// norm(x) * scale + shift; both [C] and of x's type. `scale` is the whole factor, 1 + s in the
// papers' adaLN.
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                      double eps);

// With learned weights, over the last dimension.
class LayerNorm {
public:
    LayerNorm(const Scope& scope, std::int64_t channels, double eps);

    at::Tensor operator()(const at::Tensor& x) const;

    // With the activation SiLU after it; see kernels/norm_silu.hpp.
    at::Tensor silu(const at::Tensor& x) const;

    // Of x after the residual, which is added in place; see kernels/residual_norm.hpp.
    at::Tensor after_(const at::Tensor& x, const Residual& residual) const;

private:
    at::Tensor weight_, bias_;  // [C]
    double eps_;
};

// x / |x| * sqrt(D) * gamma for each head (Zhang & Sennrich 2019, arXiv 1910.07467).
class MultiHeadRmsNorm {
public:
    MultiHeadRmsNorm(const Scope& scope, std::int64_t heads, std::int64_t head_channels);
    // Of heads that lie one after the other, those of each part in turn.
    MultiHeadRmsNorm(std::initializer_list<Scope> parts, std::int64_t heads,
                     std::int64_t head_channels);

    void apply_(const at::Tensor& x) const;  // [..., H, D], in place; see kernels/head_norm.hpp

private:
    at::Tensor gamma_;  // [H, D] fp32, of all parts, sqrt(D) included
};

}  // namespace generator
