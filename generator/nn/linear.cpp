#include "generator/nn/linear.hpp"

#include "generator/kernels/linear.hpp"

#include <vector>

#include <ATen/ATen.h>

namespace generator {

Linear::Linear(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(scope.take("weight", {out, in})), bias_(scope.take("bias", {out})) {
    lay_out();
}

Linear::Linear(std::initializer_list<Scope> parts, std::int64_t in, std::int64_t out) {
    std::vector<at::Tensor> weights, biases;
    for (const auto& part : parts) {
        weights.push_back(part.take("weight", {out, in}));
        biases.push_back(part.take("bias", {out}));
    }
    weight_ = at::cat(weights);
    bias_ = at::cat(biases);
    lay_out();
}

void Linear::lay_out() {
    const auto packed = pack_linear(weight_);
    packed_ = packed.defined();
    if (packed_) weight_ = packed;
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
    const auto input = x.scalar_type() == weight_.scalar_type() ? x : x.to(weight_.scalar_type());
    return packed_ ? packed_linear(input, weight_, bias_) : at::linear(input, weight_, bias_);
}

at::Tensor Linear::gelu(const at::Tensor& x) const {
    const auto input = x.to(weight_.scalar_type());
    if (packed_) return packed_linear_gelu(input, weight_, bias_);
    if (!weight_.is_cuda() || weight_.scalar_type() == at::kFloat) {
        auto y = at::linear(input, weight_, bias_);
        return at::gelu_(y, "tanh");
    }
    const auto rows = input.reshape({-1, x.size(-1)});
    auto shape = x.sizes().vec();
    shape.back() = weight_.size(0);
    return at::_addmm_activation(bias_, rows, weight_.t(), 1, 1, /*use_gelu=*/true).view(shape);
}

}  // namespace generator
