// 3x3x3 convolution at the active voxels only (submanifold: Graham & van der Maaten 2017, arXiv
// 1706.01307); absent neighbours count as zero.
#pragma once

#include "generator/nn/sparse_shape.hpp"
#include "generator/weights/bundle.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace generator {

class SparseConv {
public:
    SparseConv(const Scope& scope, std::int64_t in, std::int64_t out);

    // [B, N, in] -> [B, N, out]
    at::Tensor operator()(const at::Tensor& x, const SparseShape& shape) const;

    // Of unpool(x): x [B, M, in] lies at half the shape's resolution, the result [B, N, out] at the
    // full one. The products are formed once for each coarse voxel.
    at::Tensor of_unpooled(const at::Tensor& x, const SparseShape& shape) const;

private:
    at::Tensor weight_;  // [27 in, out]
    at::Tensor bias_;    // [out]
};

}  // namespace generator
