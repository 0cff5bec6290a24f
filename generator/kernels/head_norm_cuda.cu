// A few lanes own one head of one token: they read it once into registers, 16 bytes each where
// heads allow it, reduce the sum of squares by shuffles and write it back. Memory bound: 2 x bytes
// of x is the floor; gamma stays in cache.
#include "generator/kernels/head_norm_launch.hpp"
#include "generator/kernels/launch_site.cuh"
#include "generator/kernels/pieces.cuh"

#include <cstdint>
#include <type_traits>

#include <ATen/Dispatch.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 256;
constexpr int kMostPerLane = 8;  // of the plain kernel: heads of up to 256

__device__ float inverse_length(float squares) { return 1 / fmaxf(sqrtf(squares), 1e-12f); }

struct Layout {
    int64_t tokens, token_stride;
    int heads, width;

    __device__ int64_t start(int64_t row) const {
        const int64_t token = row / heads;
        return token * token_stride + (row - token * heads) * width;
    }
};

// ---------------------------------------------------------------- kernels

// Heads of kLanes pieces.
template <class T, int kLanes>
__global__ void head_norm_pieces_kernel(T* __restrict__ x, const float* __restrict__ gamma,
                                        Layout layout) {
    using P = Piece<T>;
    const int64_t row = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
    const int first = int(threadIdx.x) % kLanes * P::kValues;
    const bool there = row < layout.tokens * layout.heads;  // lanes of a warp shuffle together
    P* const at = reinterpret_cast<P*>(x + (there ? layout.start(row) : 0) + first);
    P piece{};
    if (there) piece = *at;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < P::kValues; ++i) squares += float(piece.value[i]) * float(piece.value[i]);
    const float inverse = inverse_length(sum_over<kLanes>(squares));
    if (!there) return;
    const float* factors = gamma + row % layout.heads * layout.width + first;
#pragma unroll
    for (int i = 0; i < P::kValues; ++i)
        piece.value[i] = T(float(piece.value[i]) * inverse * factors[i]);
    *at = piece;
}

// Heads of any width: a warp each.
template <class T>
__global__ void head_norm_kernel(T* __restrict__ x, const float* __restrict__ gamma,
                                 Layout layout) {
    const int64_t row = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kWarp;
    const int lane = int(threadIdx.x) % kWarp;
    if (row >= layout.tokens * layout.heads) return;
    T* values = x + layout.start(row);
    const float* factors = gamma + row % layout.heads * layout.width;

    float v[kMostPerLane];
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kMostPerLane; ++i) {
        const int column = i * kWarp + lane;
        v[i] = column < layout.width ? float(values[column]) : 0.f;
        squares += v[i] * v[i];
    }
    const float inverse = inverse_length(sum_over<kWarp>(squares));
#pragma unroll
    for (int i = 0; i < kMostPerLane; ++i) {
        const int column = i * kWarp + lane;
        if (column < layout.width) values[column] = T(v[i] * inverse * factors[column]);
    }
}

}  // namespace

// ---------------------------------------------------------------- launchers

void launch_head_norm(const at::Tensor& x, const at::Tensor& gamma) {
    const int heads = int(x.size(-2)), width = int(x.size(-1));
    TORCH_CHECK(width <= kWarp * kMostPerLane, "head_norm_: no kernel for heads of ", width);
    const Layout layout{x.numel() / (int64_t(heads) * width), x.stride(-3), heads, width};
    const LaunchSite site(x);
    const auto size = int64_t(x.element_size());
    const bool aligned = reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % kPieceBytes == 0 &&
                         layout.token_stride * size % kPieceBytes == 0;
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "head_norm", [&] {
        auto* data = x.mutable_data_ptr<scalar_t>();
        const auto* factors = gamma.const_data_ptr<float>();
        const auto grid = [&](int lanes) {
            return unsigned((layout.tokens * heads * lanes + kThreads - 1) / kThreads);
        };
        const auto pieces = [&](auto lanes) {
            head_norm_pieces_kernel<scalar_t, lanes.value>
                <<<grid(lanes.value), kThreads, 0, site.stream>>>(data, factors, layout);
        };
        // The widths of the published networks: 64 in 16 bits, and in 32.
        const auto bytes = width * size;
        if (aligned && bytes == 8 * kPieceBytes) {
            pieces(std::integral_constant<int, 8>{});
        } else if (aligned && bytes == 16 * kPieceBytes) {
            pieces(std::integral_constant<int, 16>{});
        } else {
            head_norm_kernel<scalar_t>
                <<<grid(kWarp), kThreads, 0, site.stream>>>(data, factors, layout);
        }
    });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace generator
