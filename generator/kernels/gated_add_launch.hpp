// Between the contract and the kernel; not for anyone else.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// Arguments as gated_add_ has checked them, on a GPU. Runs on the current stream, does not
// synchronise.
void launch_gated_add(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y);

}  // namespace generator
