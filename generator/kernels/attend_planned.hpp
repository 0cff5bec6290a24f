// Attention by cuDNN over sequences that are padded to one of a few sizes. cuDNN is the fastest on
// the cards that it is taken for, but makes a plan for each size, which takes as long as some
// hundred calls; with every object's own number of rows each would be another size. So there are
// few sizes, whose plans are made beforehand, and the rows that pad are left out by their number.
#pragma once

#include "generator/kernels/compute_capability.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// Whether attention over sequences of varying lengths is to be padded and planned: 16 bits, heads
// of 64 or 128, and a card on which cuDNN was measured as faster than FlashAttention
// (ops/docs/gpu.md).
bool has_planned(ComputeCapability card, at::ScalarType type, std::int64_t width);

// The size for so many rows, as many or more; none beyond the largest.
std::optional<std::int64_t> planned_rows(std::int64_t rows);
// All sizes, from the smallest.
std::vector<std::int64_t> planned_sizes();

// q    [B, T, H, D]  heads in any place, D contiguous, 16 bits
// k, v [B, L, H, D]  likewise
// rows [B] int32     on the same device, of a sequence that attends to itself (T = L): how many of
//                    its rows there are, at least one. The others are in nobody's sum, but must be
//                    finite; what they become is zeros. Undefined: all rows are there.
// ->   [B, T, H * D]
// A plan that is lacking is made. Throws c10::Error where cuDNN has none.
at::Tensor attend_planned(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const at::Tensor& rows);

// The plans that attend_planned() needs for one network: three for every size, some 5 s.
struct PlannedNetwork {
    at::Device device;
    at::ScalarType type;
    std::int64_t heads, width;
    std::int64_t condition_rows;  // of what sequences attend to, beside themselves
};
void make_plans(const PlannedNetwork& network);

}  // namespace generator
