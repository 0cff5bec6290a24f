// Each thread takes 16 bytes of x and y, one after the other across a row, so that the gate's piece
// comes from cache. Memory bound: three times the bytes of x is the floor; torch's own addcmul_
// reads a broadcast gate value by value and needs twice the time.
#include "generator/kernels/gated_add_launch.hpp"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <ATen/Dispatch.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 256;
constexpr int kPieceBytes = 16;
constexpr int64_t kMostBlocks = 1 << 20;  // more work goes round again

template <class T, int kCount>
struct alignas(kCount * sizeof(T)) Piece {
    T value[kCount];
};

// ---------------------------------------------------------------- kernels

// pieces: of all of x; row_pieces: of one row.
template <class T, int kCount>
__global__ void gated_add_kernel(T* __restrict__ x, const T* __restrict__ gate,
                                 const T* __restrict__ y, int64_t pieces, int64_t row_pieces) {
    using P = Piece<T, kCount>;
    const int64_t stride = int64_t(gridDim.x) * kThreads;
    for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < pieces; i += stride) {
        P a = reinterpret_cast<P*>(x)[i];
        const P b = reinterpret_cast<const P*>(y)[i];
        const P g = reinterpret_cast<const P*>(gate)[i % row_pieces];
#pragma unroll
        for (int k = 0; k < kCount; ++k)
            a.value[k] = T(float(a.value[k]) + float(g.value[k]) * float(b.value[k]));
        reinterpret_cast<P*>(x)[i] = a;
    }
}

}  // namespace

// ---------------------------------------------------------------- launchers

void launch_gated_add(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y) {
    const auto stream = at::cuda::getCurrentCUDAStream();
    const auto aligned = [](const at::Tensor& t) {
        return reinterpret_cast<std::uintptr_t>(t.const_data_ptr()) % kPieceBytes == 0;
    };
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "gated_add", [&] {
        const auto launch = [&](auto count) {
            const int64_t pieces = x.numel() / count.value;
            const auto blocks = std::min((pieces + kThreads - 1) / kThreads, kMostBlocks);
            gated_add_kernel<scalar_t, count.value><<<unsigned(blocks), kThreads, 0, stream>>>(
                x.mutable_data_ptr<scalar_t>(), gate.const_data_ptr<scalar_t>(),
                y.const_data_ptr<scalar_t>(), pieces, x.size(-1) / count.value);
        };
        constexpr int kMost = kPieceBytes / int(sizeof(scalar_t));
        if (x.size(-1) % kMost == 0 && aligned(x) && aligned(y) && aligned(gate)) {
            launch(std::integral_constant<int, kMost>{});
        } else {
            launch(std::integral_constant<int, 1>{});
        }
    });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace generator
