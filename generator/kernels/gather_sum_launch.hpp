// Between the contract and the kernel; not for anyone else.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// Arguments as gather_sum has checked them, on a GPU; y is written. Runs on the current stream,
// does not synchronise.
void launch_gather_sum(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias,
                       at::Tensor& y);

}  // namespace generator
