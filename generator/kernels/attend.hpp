// Multi-head attention (Vaswani et al. 2017, arXiv 1706.03762).
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// Whether the number of rows is the same in every call. On a GPU, cuDNN is the fastest, but makes a
// plan for each number that it has not seen, which takes as long as some hundred calls. Where each
// object has another number, sequences are padded to one of a few sizes that have their plans
// (planned), or go by a kernel without plans (varying).
enum class Lengths { fixed, varying, planned };

// A sequence whose number of rows varies, and the rows that pad it.
struct PaddedSequence {
    std::int64_t rows = 0;  // that are there
    std::int64_t size = 0;  // with those behind them that pad
    at::Tensor
        on_device;  // [2] int32, `rows` for each of up to two entries; undefined: not planned

    explicit operator bool() const { return on_device.defined(); }
};

// Of heads of `width` numbers; not planned where the device has something better, or nothing.
PaddedSequence pad_sequence(std::int64_t rows, at::Device device, at::ScalarType type,
                            std::int64_t width);

// softmax(q k^T / sqrt(D)) v for each head.
// q    [B, T, H, D]  heads in any place, D contiguous
// k, v [B, L, H, D]  likewise, of q's type; L at least 1
// ->   [B, T, H * D]
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  Lengths lengths = Lengths::fixed);

// Of a sequence to itself. What pads must be finite, is in nobody's sum, and becomes zeros.
// q, k, v [B, size, H, D]  likewise; B at most 2
// ->      [B, size, H * D]
at::Tensor attend_padded(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const PaddedSequence& sequence);

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
