#include "generator/kernels/compute_capability.hpp"

#include <c10/cuda/CUDAException.h>

namespace generator {

ComputeCapability compute_capability(c10::Device device) {
    ComputeCapability found{};
    C10_CUDA_CHECK(
        cudaDeviceGetAttribute(&found.major, cudaDevAttrComputeCapabilityMajor, device.index()));
    C10_CUDA_CHECK(
        cudaDeviceGetAttribute(&found.minor, cudaDevAttrComputeCapabilityMinor, device.index()));
    return found;
}

}  // namespace generator
