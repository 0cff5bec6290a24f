// What a GPU can do, as CUDA counts it; for kernels that only some GPUs have.
#pragma once

#include <ATen/core/Tensor.h>

namespace generator {

struct ComputeCapability {
    int major, minor;
};

// Of a device that is a GPU. Quick: libtorch has asked once for all.
ComputeCapability compute_capability(at::Device device);

}  // namespace generator
