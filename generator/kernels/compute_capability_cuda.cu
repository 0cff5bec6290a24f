#include "generator/kernels/compute_capability.hpp"

#include <ATen/cuda/CUDAContext.h>

namespace generator {

ComputeCapability compute_capability(at::Device device) {
    const auto* const properties = at::cuda::getDeviceProperties(device.index());
    return {properties->major, properties->minor};
}

}  // namespace generator
