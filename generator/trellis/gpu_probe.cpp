#include "generator/trellis/gpu_probe.hpp"

#include "generator/trellis/cuda_build.hpp"

#ifdef MINER_CUDA
#include <cuda_runtime_api.h>
#endif

namespace generator {

#ifdef MINER_CUDA
GpuFacts probe_gpus() {
    auto facts = machine_facts();
    facts.cuda = CUDART_VERSION;
    facts.architectures = cuda_architectures();
    // It answers without a driver, too: 0.
    if (cudaDriverGetVersion(&facts.driver_cuda) != cudaSuccess) facts.driver_cuda = 0;
    int count = 0;
    const auto error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess) {
        (void)cudaGetLastError();  // or the next call that asks would be told of it
        facts.error = CudaError(int(error));
        facts.error_words = cudaGetErrorString(error);
        return facts;
    }
    for (int index = 0; index < count; ++index) {
        cudaDeviceProp properties{};
        const auto failure = cudaGetDeviceProperties(&properties, index);
        if (failure != cudaSuccess) {
            (void)cudaGetLastError();
            facts.broken_off = cudaGetErrorString(failure);
            break;  // the numbers of those after it would be wrong
        }
        facts.gpus.push_back({properties.name, properties.major, properties.minor,
                              has_code_for(properties.major, properties.minor)});
    }
    return facts;
}
#else
GpuFacts probe_gpus() { return machine_facts(); }
#endif

}  // namespace generator
