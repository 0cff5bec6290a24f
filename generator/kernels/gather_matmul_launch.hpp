// Between the contract and the kernel; not for anyone else.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x [batch, M, in], table [N, K] int64, both contiguous and on a GPU; patches [batch, N, K * in] of
// x's type is written: the rows that the table names side by side, zeros for M. Runs on the current
// stream, does not synchronise.
void launch_gather_patches(const at::Tensor& x, const at::Tensor& table, at::Tensor& patches);

}  // namespace generator
