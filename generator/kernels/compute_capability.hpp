// What a GPU can do, as CUDA counts it; for kernels that only some GPUs have.
#pragma once

#include <c10/core/Device.h>

namespace generator {

struct ComputeCapability {
    int major, minor;
};

// Of a device that is a GPU, with its number. Quick; throws c10::Error for one that is not there.
ComputeCapability compute_capability(c10::Device device);

}  // namespace generator
