#include "generator/nn/linear.hpp"

#include "generator/kernels/gelu.hpp"

#include <vector>

#include <ATen/ATen.h>

namespace generator {

Linear::Linear(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(scope.take("weight", {out, in})), bias_(scope.take("bias", {out})) {}

Linear::Linear(std::initializer_list<Scope> parts, std::int64_t in, std::int64_t out) {
    std::vector<at::Tensor> weights, biases;
    for (const auto& part : parts) {
        weights.push_back(part.take("weight", {out, in}));
        biases.push_back(part.take("bias", {out}));
    }
    weight_ = at::cat(weights);
    bias_ = at::cat(biases);
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
    return at::linear(x.scalar_type() == weight_.scalar_type() ? x : x.to(weight_.scalar_type()),
                      weight_, bias_);
}

at::Tensor Linear::gelu(const at::Tensor& x) const {
    if (!weight_.is_cuda() || weight_.scalar_type() == at::kFloat) {
        auto y = (*this)(x);
        gelu_tanh_(y);
        return y;
    }
    const auto rows = x.to(weight_.scalar_type()).reshape({-1, x.size(-1)});
    auto shape = x.sizes().vec();
    shape.back() = weight_.size(0);
    return at::_addmm_activation(bias_, rows, weight_.t(), 1, 1, /*use_gelu=*/true).view(shape);
}

}  // namespace generator
