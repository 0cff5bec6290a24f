// A residual with a gate for each channel, in place: what a diffusion transformer does after its
// attention and its feed-forward (Peebles & Xie 2023, arXiv 2212.09748).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x    [..., C]  fp32, fp16 or bf16, contiguous; becomes x + gate * y, rounded once
// y    [..., C]  as x
// gate [C]       as x
void gated_add_(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y);

}  // namespace generator
