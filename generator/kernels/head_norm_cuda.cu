// One warp owns one head of one token: it reads it once into registers, reduces the sum of squares
// by shuffles and writes it back. Memory bound: 2 x bytes of x is the floor; gamma stays in cache.
#include "generator/kernels/head_norm_launch.hpp"

#include <ATen/Dispatch.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kWarp = 32;
constexpr int kWarpsPerBlock = 8;
constexpr int kMostPerLane = 8;  // heads of up to 256

__device__ float warp_sum(float v) {
    for (int offset = kWarp / 2; offset > 0; offset /= 2) v += __shfl_xor_sync(~0u, v, offset);
    return v;
}

// ---------------------------------------------------------------- kernels

template <class T>
__global__ void head_norm_kernel(T* __restrict__ x,  // [tokens, H, D], token_stride apart
                                 const float* __restrict__ gamma,  // [H, D]
                                 int64_t tokens, int64_t token_stride, int heads, int width) {
    const int64_t row = int64_t(blockIdx.x) * kWarpsPerBlock + threadIdx.y;
    if (row >= tokens * heads) return;
    const int64_t token = row / heads;
    const int head = int(row - token * heads);
    T* values = x + token * token_stride + int64_t(head) * width;
    const float* factors = gamma + int64_t(head) * width;

    float v[kMostPerLane];
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kMostPerLane; ++i) {
        const int column = i * kWarp + int(threadIdx.x);
        v[i] = column < width ? float(values[column]) : 0.f;
        squares += v[i] * v[i];
    }
    const float inverse = 1 / fmaxf(sqrtf(warp_sum(squares)), 1e-12f);
#pragma unroll
    for (int i = 0; i < kMostPerLane; ++i) {
        const int column = i * kWarp + int(threadIdx.x);
        if (column < width) values[column] = T(v[i] * inverse * factors[column]);
    }
}

}  // namespace

// ---------------------------------------------------------------- launchers

void launch_head_norm(const at::Tensor& x, const at::Tensor& gamma) {
    const int heads = int(x.size(-2)), width = int(x.size(-1));
    TORCH_CHECK(width <= kWarp * kMostPerLane, "head_norm_: no kernel for heads of ", width);
    const int64_t tokens = x.numel() / (int64_t(heads) * width);
    const auto grid = unsigned((tokens * heads + kWarpsPerBlock - 1) / kWarpsPerBlock);
    const auto stream = at::cuda::getCurrentCUDAStream();
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "head_norm", [&] {
        head_norm_kernel<scalar_t><<<grid, dim3(kWarp, kWarpsPerBlock), 0, stream>>>(
            x.mutable_data_ptr<scalar_t>(), gamma.const_data_ptr<float>(), tokens, x.stride(-3),
            heads, width);
    });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace generator
