// For which GPUs this program was built. Without torch and without a GPU: what the build wrote
// down.
#pragma once

#include <string_view>

namespace generator {

// As MINER_CUDA_ARCHITECTURES names them in CMake, compute capabilities in rising order:
// "8.0 8.6 8.9 9.0 10.0 12.0+PTX"; empty when built without CUDA. "+PTX" after one says that later
// cards compile the code of that one for themselves, when they load it.
std::string_view cuda_architectures();

// Whether kernels built for `architectures` (as above) run on a card of that compute capability:
// code runs on cards of its own major version whose minor version is not lower, PTX on all that are
// not older (CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility").
bool has_code_for(int major, int minor, std::string_view architectures = cuda_architectures());

}  // namespace generator
