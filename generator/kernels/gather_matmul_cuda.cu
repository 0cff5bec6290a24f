// Patches for the library's matrix product. One thread copies one piece of a row, 16 bytes where
// rows allow it, and neighbouring threads neighbouring pieces, so that lines are read and written
// whole. Memory bound: the patches written once, rows mostly read from cache.
#include "generator/kernels/gather_matmul_launch.hpp"
#include "generator/kernels/launch_site.cuh"

#include <cstdint>

#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 256;

template <class Piece>
__device__ Piece nothing() {
    return Piece{};
}

// ---------------------------------------------------------------- kernels

template <class Piece>
__global__ void gather_patches_kernel(const Piece* __restrict__ x,  // [batch, sources, pieces]
                                      const int64_t* __restrict__ table,  // [named]
                                      Piece* __restrict__ patches,        // [batch, named, pieces]
                                      int64_t batch, int64_t sources, int64_t named, int pieces) {
    const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= batch * named * pieces) return;
    const int64_t row = i / pieces, entry = row / named;
    const int64_t source = table[row - entry * named];
    patches[i] = source == sources ? nothing<Piece>()
                                   : x[(entry * sources + source) * pieces + (i - row * pieces)];
}

// ---------------------------------------------------------------- launchers

template <class Piece>
void launch(const at::Tensor& x, const at::Tensor& table, at::Tensor& patches, int64_t row_bytes) {
    const int64_t pieces = row_bytes / int64_t(sizeof(Piece));
    const int64_t total = x.size(0) * table.numel() * pieces;
    const auto grid = unsigned((total + kThreads - 1) / kThreads);
    const LaunchSite site(x);
    gather_patches_kernel<Piece><<<grid, kThreads, 0, site.stream>>>(
        static_cast<const Piece*>(x.const_data_ptr()), table.const_data_ptr<int64_t>(),
        static_cast<Piece*>(patches.mutable_data_ptr()), x.size(0), x.size(1), table.numel(),
        int(pieces));
}

}  // namespace

void launch_gather_patches(const at::Tensor& x, const at::Tensor& table, at::Tensor& patches) {
    const int64_t row_bytes = x.size(2) * int64_t(x.element_size());
    const auto address = reinterpret_cast<std::uintptr_t>(x.const_data_ptr());
    if (row_bytes % 16 == 0 && address % 16 == 0) {
        launch<uint4>(x, table, patches, row_bytes);
    } else if (row_bytes % 4 == 0 && address % 4 == 0) {
        launch<unsigned>(x, table, patches, row_bytes);
    } else {
        launch<unsigned short>(x, table, patches, row_bytes);
    }
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace generator
