// Where a kernel is launched.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAGuard.h>

namespace generator {

// For as long as it lives, what this thread launches on `stream` goes to the GPU that holds `x`.
// The thread's own is another one where a machine has several: torch's operators leave it as it
// was, and no lane sets it.
struct LaunchSite {
    explicit LaunchSite(const at::Tensor& x)
        : guard(x.device()), stream(at::cuda::getCurrentCUDAStream()) {}

    const c10::cuda::CUDAGuard guard;  // before the stream, which is of the device that it sets
    const cudaStream_t stream;
};

}  // namespace generator
