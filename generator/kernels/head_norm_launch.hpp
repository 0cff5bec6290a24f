// Between the contract and the kernel; not for anyone else.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// Arguments as head_norm_ has checked them, on a GPU. Runs on the current stream, does not
// synchronise.
void launch_head_norm(const at::Tensor& x, const at::Tensor& gamma);

}  // namespace generator
