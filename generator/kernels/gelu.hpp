// gelu by the tanh formula (Hendrycks & Gimpel 2016, arXiv 1606.08415).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x [...], in place.
void gelu_tanh_(at::Tensor& x);

}  // namespace generator
