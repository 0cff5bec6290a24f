// The GPU that tests use: the last one, which a test's thread does not have as its own where there
// are several, as no lane of the miner has.
#pragma once

#include <string>

#include <ATen/cuda/CUDAContext.h>
#include <c10/core/Device.h>

namespace tests {

inline at::Device last_gpu() { return {at::kCUDA, c10::DeviceIndex(at::cuda::device_count() - 1)}; }

inline std::string last_gpu_name() { return last_gpu().str(); }  // "cuda:1"

}  // namespace tests
