#include "generator/about.hpp"

#include "generator/kernels/lanes.hpp"
#include "generator/trellis/cuda_build.hpp"

#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#ifdef MINER_CUDA
#include <cuda_runtime_api.h>
#endif

namespace generator {
namespace {

// As kernels/*_cpu.cpp choose: what is in neither type goes through torch.
std::string of_kernels() {
    switch (lanes::registers()) {
        case lanes::Registers::avx512_bf16:
            return "AVX-512 in fp32 and bf16, torch in fp16";
        case lanes::Registers::avx512:
            return "AVX-512 in fp32, torch in fp16 and bf16";
        case lanes::Registers::avx2:
            return "AVX2 in fp32, torch in fp16 and bf16";
        case lanes::Registers::none:
            break;
    }
    return "torch (this processor has neither AVX-512 nor AVX2)";
}

// Of torch's own kernels, whose products in 16 bits take AMX where there is any.
std::string of_torch() {
    auto words = at::get_cpu_capability();
#if defined(__x86_64__)
    if (lanes::has_bf16()) words += ", BF16";
    if (__builtin_cpu_supports("amx-bf16")) words += ", AMX";
#endif
    return words;
}

// As composite_for() chooses.
std::string of_renderer() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return "AVX-512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
#endif
    return "plain";
}

}  // namespace

About about() {
    About all{.torch = TORCH_VERSION,
              .architectures = std::string(cuda_architectures()),
              .kernels = {{"attention, convolution, products, norms", of_kernels()},
                          {"rendering", of_renderer()},
                          {"torch", of_torch()}}};
#ifdef MINER_CUDA
    all.cuda =
        std::to_string(CUDART_VERSION / 1000) + "." + std::to_string(CUDART_VERSION % 1000 / 10);
    all.kernels.push_back({"attention on a GPU",
                           "FlashAttention where lengths vary, in 16 bits; memory-efficient in "
                           "windows and in fp32; torch's choice where lengths are fixed"});
    all.kernels.push_back({"sparse convolution, norms, rendering on a GPU", "CUDA"});
#endif
    return all;
}

}  // namespace generator
