// Between the contract and the kernel; not for anyone else.
#pragma once

#include "generator/kernels/residual_norm.hpp"

namespace generator {

// Arguments as residual_norm_ has checked them, on a GPU, with the result in `into`; false if they
// do not suit the kernel and nothing was done. Runs on the current stream, does not synchronise.
bool launch_residual_norm(const at::Tensor& x, const Residual& residual,
                          const Modulation& modulation, double eps, const at::Tensor& into);

}  // namespace generator
