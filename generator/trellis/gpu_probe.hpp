// What is known of this machine's GPUs, CUDA's answer included.
#pragma once

#include "generator/gpu.hpp"

namespace generator {

// Asks CUDA, where this build has it, but takes no GPU into use. Any thread.
GpuFacts probe_gpus();

}  // namespace generator
