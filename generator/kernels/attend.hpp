// Multi-head attention (Vaswani et al. 2017, arXiv 1706.03762).
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

// softmax(q k^T / sqrt(D)) v for each head.
// q    [B, T, H, D]  heads in any place, D contiguous
// k, v [B, L, H, D]  likewise, of q's type; L at least 1
// ->   [B, T, H * D]
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace generator
