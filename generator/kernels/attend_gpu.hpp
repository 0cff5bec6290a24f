// torch's attention kernels for a GPU that build no plans, so that the first call of a size takes
// as long as every other (ops/gpu/attention.py measures both). Contracts: attend.hpp.
#pragma once

#include "generator/kernels/attend.hpp"

namespace generator {

at::Tensor attend_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);
at::Tensor attend_in_windows_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const WindowBounds& windows);

}  // namespace generator
