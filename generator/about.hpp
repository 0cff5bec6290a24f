// What this build of the generator is made of, and which of its paths this machine takes.
#pragma once

#include <string>
#include <vector>

namespace generator {

struct KernelPath {
    std::string kernel;  // "attention"
    std::string path;    // "AVX-512 in fp32 and bf16"
};

struct About {
    std::string torch;                // "2.11.0"
    std::string cuda;                 // "13.0"; empty: built without
    std::string architectures;        // of the kernels: "8.6 12.0+PTX"; empty: built without CUDA
    std::vector<KernelPath> kernels;  // what does the work, by the kind of work
};

// Asks the processor, and no GPU. Any thread.
About about();

}  // namespace generator
