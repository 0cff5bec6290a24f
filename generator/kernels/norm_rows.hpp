// Layer norms on a CPU by kernels of ours.
#pragma once

#include "generator/kernels/residual_norm.hpp"

#include <ATen/core/Tensor.h>

namespace generator {

// Whether what follows it is SiLU.
enum class Activation { none, silu };

// Over the last dimension, with or without modulation; undefined where the device, the processor,
// the type or the width has no such way.
at::Tensor norm_rows(const at::Tensor& x, const Modulation& modulation, double eps,
                     Activation activation = Activation::none);

// As residual_norm_(), of what that has checked, `into` being there; false likewise, and nothing is
// changed then.
bool residual_norm_rows(const at::Tensor& x, const Residual& residual, const Modulation& modulation,
                        double eps, const at::Tensor& into);

}  // namespace generator
