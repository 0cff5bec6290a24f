// One warp owns one output row: its lanes go over the channels, so that each slice is read in whole
// lines, and keep the sums in registers. Memory bound: the slices that exist, once each.
#include "generator/kernels/gather_sum_launch.hpp"
#include "generator/kernels/launch_site.cuh"

#include <ATen/Dispatch.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kWarp = 32;
constexpr int kWarpsPerBlock = 8;
constexpr int kPerLane = 4;  // channels a lane sums at once

// ---------------------------------------------------------------- kernels

template <class T>
__global__ void gather_sum_kernel(const T* __restrict__ x,            // [batch, sources, fan * out]
                                  const int64_t* __restrict__ table,  // [rows, fan]
                                  const T* __restrict__ bias,         // [out]
                                  T* __restrict__ y,                  // [batch, rows, out]
                                  int64_t batch, int64_t sources, int64_t rows, int fan, int out) {
    const int64_t row = int64_t(blockIdx.x) * kWarpsPerBlock + threadIdx.y;
    if (row >= batch * rows) return;
    const int64_t entry = row / rows;
    const int64_t* names = table + (row - entry * rows) * fan;
    for (int first = 0; first < out; first += kWarp * kPerLane) {
        float sum[kPerLane];
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            const int c = first + i * kWarp + int(threadIdx.x);
            sum[i] = c < out ? float(bias[c]) : 0.f;
        }
        for (int k = 0; k < fan; ++k) {
            const int64_t source = names[k];
            if (source == sources) continue;
            const T* slice = x + ((entry * sources + source) * fan + k) * out;
#pragma unroll
            for (int i = 0; i < kPerLane; ++i) {
                const int c = first + i * kWarp + int(threadIdx.x);
                if (c < out) sum[i] += float(slice[c]);
            }
        }
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            const int c = first + i * kWarp + int(threadIdx.x);
            if (c < out) y[row * out + c] = T(sum[i]);
        }
    }
}

}  // namespace

// ---------------------------------------------------------------- launchers

void launch_gather_sum(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias,
                       at::Tensor& y) {
    const int64_t batch = x.size(0), rows = table.size(0);
    const auto grid = unsigned((batch * rows + kWarpsPerBlock - 1) / kWarpsPerBlock);
    const LaunchSite site(x);
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "gather_sum", [&] {
        gather_sum_kernel<scalar_t><<<grid, dim3(kWarp, kWarpsPerBlock), 0, site.stream>>>(
            x.const_data_ptr<scalar_t>(), table.const_data_ptr<int64_t>(),
            bias.const_data_ptr<scalar_t>(), y.mutable_data_ptr<scalar_t>(), batch, x.size(1), rows,
            int(table.size(1)), int(bias.size(0)));
    });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace generator
