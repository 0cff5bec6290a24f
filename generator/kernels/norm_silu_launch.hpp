// Between the contract and the kernel; not for anyone else.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// Arguments as norm_silu() has checked them, contiguous and on a GPU; `into` like x. Runs on the
// current stream, does not synchronise. False, and nothing done, where rows are too wide for the
// kernel or not made of whole 16 bytes.
bool launch_norm_silu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                      double eps, const at::Tensor& into);

}  // namespace generator
