#include "generator/nn/norm.hpp"

#include "generator/kernels/head_norm.hpp"
#include "generator/kernels/norm_rows.hpp"
#include "generator/kernels/norm_silu.hpp"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>

namespace generator {

at::Tensor layer_norm(const at::Tensor& x, double eps) { return layer_norm(x, {}, {}, eps); }

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                      double eps) {
    if (auto result = norm_rows(x, {scale, shift}, eps); result.defined()) return result;
    return at::layer_norm(x, {x.size(-1)}, scale, shift, eps);
}

LayerNorm::LayerNorm(const Scope& scope, std::int64_t channels, double eps)
    : weight_(scope.take("weight", {channels})), bias_(scope.take("bias", {channels})), eps_(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
    return layer_norm(x, weight_, bias_, eps_);
}

at::Tensor LayerNorm::silu(const at::Tensor& x) const { return norm_silu(x, weight_, bias_, eps_); }

at::Tensor LayerNorm::after_(const at::Tensor& x, const Residual& residual) const {
    return residual_norm_(x, residual, {weight_, bias_}, eps_);
}

MultiHeadRmsNorm::MultiHeadRmsNorm(const Scope& scope, std::int64_t heads,
                                   std::int64_t head_channels)
    : MultiHeadRmsNorm({scope}, heads, head_channels) {}

MultiHeadRmsNorm::MultiHeadRmsNorm(std::initializer_list<Scope> parts, std::int64_t heads,
                                   std::int64_t head_channels) {
    std::vector<at::Tensor> gammas;
    for (const auto& part : parts)
        gammas.push_back(part.in_fp32().take("gamma", {heads, head_channels}));
    gamma_ = at::cat(gammas) * std::sqrt(double(head_channels));
}

void MultiHeadRmsNorm::apply_(const at::Tensor& x) const { head_norm_(x, gamma_); }

}  // namespace generator
