// A layer norm and the activation after it in one go: between the convolutions of a residual block
// (Ba et al. 2016, arXiv 1607.06450; Elfwing et al. 2018, arXiv 1702.03118).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x            [..., C]  fp32, fp16 or bf16
// scale, shift [C]       of x's type; scale is the whole factor
// ->           [..., C]  y * sigmoid(y) of y = norm(x) * scale + shift; statistics over C, in fp32
at::Tensor norm_silu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                     double eps);

}  // namespace generator
