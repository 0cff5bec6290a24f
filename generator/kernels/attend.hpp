// Multi-head attention (Vaswani et al. 2017, arXiv 1706.03762).
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// Whether the number of rows is the same in every call. On a GPU, cuDNN is the fastest for such,
// but builds a plan for each number that it has not seen, which takes as long as some hundred
// calls: where each object has another number, a kernel without plans is faster.
enum class Lengths { fixed, varying };

// softmax(q k^T / sqrt(D)) v for each head.
// q    [B, T, H, D]  heads in any place, D contiguous
// k, v [B, L, H, D]  likewise, of q's type; L at least 1
// ->   [B, T, H * D]
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  Lengths lengths = Lengths::fixed);

// Windows of consecutive rows, one after the other, none empty.
struct WindowBounds {
    std::vector<std::int32_t> rows;  // 0, where each next window begins, the number of rows
    at::Tensor on_device;            // the same, int32, where q is
    std::int64_t longest = 0;        // rows of the longest
};

// The same for every window by itself: a row attends to the rows of its window.
// q, k, v [N, H, D]  heads in any place, D contiguous
// ->      [N, H * D]
at::Tensor attend_in_windows(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const WindowBounds& windows);

}  // namespace generator
