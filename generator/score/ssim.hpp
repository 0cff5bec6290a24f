// How alike two pictures are in structure (Wang et al. 2004), as torchmetrics has it: a Gaussian of
// 11 x 11, deviation 1.5; the border is reflected and counts; the mean is over pixels and colours.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// pictures [D, 3, H, W] fp32 in 0..1, sides of 6 at least; a, b [N] i64: which are compared with
// which -> [N] fp32, at most 1. Flat pictures of one colour, white foremost, give exactly 1.
at::Tensor ssim(const at::Tensor& pictures, const at::Tensor& a, const at::Tensor& b);

}  // namespace generator
