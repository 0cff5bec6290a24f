#include "generator/nn/linear.hpp"

#include <ATen/ATen.h>

namespace generator {

Linear::Linear(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(scope.take("weight", {out, in})), bias_(scope.take("bias", {out})) {}

at::Tensor Linear::operator()(const at::Tensor& x) const {
    return at::linear(x.scalar_type() == weight_.scalar_type() ? x : x.to(weight_.scalar_type()),
                      weight_, bias_);
}

}  // namespace generator
