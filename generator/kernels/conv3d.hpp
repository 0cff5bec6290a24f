// Dense 3x3x3 convolution on a CPU, padded by one.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x      [batch, in, X, Y, Z]  channels last in memory
// weight [27 * in, out]        as x; rows in the order (dx, dy, dz, channel)
// bias   [out]                 as x
// y      [batch, out, X, Y, Z] channels last in memory
at::Tensor conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace generator
