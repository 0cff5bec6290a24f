#include "generator/nn/norm.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace generator {

at::Tensor layer_norm(const at::Tensor& x, double eps) {
    return at::layer_norm(x, {x.size(-1)}, {}, {}, eps);
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                      double eps) {
    return at::layer_norm(x, {x.size(-1)}, scale, shift, eps);
}

LayerNorm::LayerNorm(const Scope& scope, std::int64_t channels, double eps)
    : weight_(scope.take("weight", {channels})), bias_(scope.take("bias", {channels})), eps_(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
    return at::layer_norm(x, {x.size(-1)}, weight_, bias_, eps_);
}

MultiHeadRmsNorm::MultiHeadRmsNorm(const Scope& scope, std::int64_t heads,
                                   std::int64_t head_channels)
    : gamma_(scope.in_fp32().take("gamma", {heads, head_channels}) *
             std::sqrt(double(head_channels))) {}

at::Tensor MultiHeadRmsNorm::operator()(const at::Tensor& x) const {
    const auto wide = x.to(at::kFloat);
    const auto length =
        at::linalg_vector_norm(wide, 2, at::IntArrayRef{-1}, true).clamp_min_(1e-12);
    return wide.div(length).mul_(gamma_).to(x.scalar_type());
}

}  // namespace generator
