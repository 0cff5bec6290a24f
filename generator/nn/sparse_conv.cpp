#include "generator/nn/sparse_conv.hpp"

#include "generator/kernels/gather_matmul.hpp"
#include "generator/kernels/gather_sum.hpp"

#include <ATen/ATen.h>

namespace generator {

SparseConv::SparseConv(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_((scope / "conv").take("weight", {out, 3, 3, 3, in}).flatten(1).t().contiguous()),
      bias_((scope / "conv").take("bias", {out})) {}

at::Tensor SparseConv::operator()(const at::Tensor& x, const SparseShape& shape) const {
    return gather_matmul(x, shape.neighbours(), weight_, bias_);
}

at::Tensor SparseConv::of_unpooled(const at::Tensor& x, const SparseShape& shape) const {
    const auto in = x.size(-1), out = bias_.size(0);
    const auto wide =
        weight_.view({SparseShape::kNeighbours, in, out}).transpose(0, 1).reshape({in, -1});
    return gather_sum(at::matmul(x, wide), shape.neighbours_parents(), bias_);
}

}  // namespace generator
