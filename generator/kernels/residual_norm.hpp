// A residual in place and the layer norm of the sum: what stands between two parts of a transformer
// (pre-norm; with gate and modulation of a diffusion transformer's adaLN, Peebles & Xie 2023, arXiv
// 2212.09748).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

struct Residual {
    at::Tensor y;     // [..., C] as x, or [C]: the same for every row
    at::Tensor gate;  // [C], or undefined for 1
};

// norm * scale + shift; both [C], or both undefined for the norm alone.
struct Modulation {
    at::Tensor scale, shift;
};

// x [..., C], fp32, fp16 or bf16, contiguous, as is everything else; becomes x + gate * y, rounded
// to its type. Returns the norm of that over C, as x, with mean and variance in fp32; written to
// `into`, where that is defined: contiguous and as x.
at::Tensor residual_norm_(const at::Tensor& x, const Residual& residual,
                          const Modulation& modulation, double eps, at::Tensor into = {});

}  // namespace generator
