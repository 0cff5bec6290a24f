// The rows that a table names, laid side by side, times a matrix: a sparse convolution once
// neighbours are known.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x      [batch, M, in]  contiguous
// table  [N, K] int64    row of x, or M for a row of zeros
// weight [K * in, out]   as x
// bias   [out]           as x
// y      [batch, N, out] y[b, n] = bias + concat_k(x[b, table[n, k]]) weight
at::Tensor gather_matmul(const at::Tensor& x, const at::Tensor& table, const at::Tensor& weight,
                         const at::Tensor& bias);

}  // namespace generator
