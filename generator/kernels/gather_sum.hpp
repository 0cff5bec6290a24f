// Sums of slices that a table names: the other half of a convolution whose products were formed
// before gathering.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x     [batch, M, K * out]  contiguous
// table [N, K] int64         row of x, or M for nothing
// bias  [out]                as x
// y     [batch, N, out]      y[b, n] = bias + sum over k of x[b, table[n, k], k * out .. (k + 1) *
// out], in fp32
at::Tensor gather_sum(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias);

}  // namespace generator
