// torch's attention kernels for a GPU that build no plans, so that the first call of a size takes
// as long as every other (ops/gpu/attention.py measures both). Contracts: attend.hpp.
#pragma once

#include "generator/kernels/attend.hpp"
#include "generator/kernels/compute_capability.hpp"

namespace generator {

// Which of them libtorch 2.11 has for a card: its code ends at 12.1 (where 12.0 runs, too).
// FlashAttention is for 16 bits and heads of up to 256, from 8.0 on (flash_attn/flash_api.cpp in
// aten/src/ATen/native/transformers/cuda); the memory-efficient kernel for all types from 8.0 on,
// and before that for all but bf16 (mem_eff_attention/kernels/cutlassF.h, there).
bool has_flash(ComputeCapability card, at::ScalarType type, std::int64_t width);
bool has_memory_efficient(ComputeCapability card, at::ScalarType type);

// Both are for cards and types that have the memory-efficient kernel.
at::Tensor attend_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);
at::Tensor attend_in_windows_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const WindowBounds& windows);

}  // namespace generator
