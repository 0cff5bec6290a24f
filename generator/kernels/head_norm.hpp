// The root-mean-square norm of attention heads, in place (Zhang & Sennrich 2019, arXiv 1910.07467).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// x     [..., H, D]  fp32, fp16 or bf16; heads contiguous, tokens evenly spaced: the queries or the
//                    keys of a [..., 3, H, D]
// gamma [H, D]       fp32, sqrt(D) included
// Each head becomes x / |x| * gamma; arithmetic in fp32, rounded once.
void head_norm_(const at::Tensor& x, const at::Tensor& gamma);

}  // namespace generator
