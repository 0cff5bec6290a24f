// y = x W^T + b on a CPU, with the weight laid out beforehand.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// weight [out, in] -> the same as packed_linear() wants it; undefined where the device, the
// processor, the type or the size has no such way.
at::Tensor pack_linear(const at::Tensor& weight);

// x [..., in] and bias [out], of the weight's type -> [..., out].
at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias);

// gelu(the above), by the tanh formula (Hendrycks & Gimpel 2016, arXiv 1606.08415): of the sums as
// they are, before they are rounded to the type.
at::Tensor packed_linear_gelu(const at::Tensor& x, const at::Tensor& packed,
                              const at::Tensor& bias);

}  // namespace generator
