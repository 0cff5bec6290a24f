// A warp owns a row: it reads x and y once into registers, 16 bytes a lane and round, writes the
// sum and, by shuffles, its norm. Memory bound: four times the bytes of x is the floor, where a
// residual and a norm of their own move five and torch's, which read a broadcast gate value by
// value, more.
#include "generator/kernels/launch_site.cuh"
#include "generator/kernels/pieces.cuh"
#include "generator/kernels/residual_norm_launch.hpp"

#include <cstdint>
#include <type_traits>

#include <ATen/Dispatch.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 128;
constexpr int kMostRounds = 8;  // rows of 4 KiB; beyond that registers run out

template <class T>
struct Arguments {
    T* x;
    T* normed;
    const T* y;
    const T* gate;   // null: 1
    const T* scale;  // null, as is shift: the norm alone
    const T* shift;
    int64_t rows;
    int64_t y_stride;  // 0: the same for every row
    int pieces;        // of a row
    float eps;
};

// ---------------------------------------------------------------- kernels

// Rows of at most 32 * kRounds pieces.
template <class T, int kRounds>
__global__ void residual_norm_kernel(Arguments<T> a) {
    using P = Piece<T>;
    constexpr int kValues = P::kValues;
    const int64_t row = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kWarp;
    const int lane = int(threadIdx.x) % kWarp;
    if (row >= a.rows) return;  // a whole warp
    const int width = a.pieces * kValues;
    P* const x = reinterpret_cast<P*>(a.x + row * width);
    P* const normed = reinterpret_cast<P*>(a.normed + row * width);
    const P* const y = reinterpret_cast<const P*>(a.y + row * a.y_stride);

    float sums[kRounds][kValues];
    float total = 0;
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        const int at = round * kWarp + lane;
        if (at >= a.pieces) break;
        P piece = x[at];
        const P more = y[at];
        P gate;
        if (a.gate) gate = reinterpret_cast<const P*>(a.gate)[at];
#pragma unroll
        for (int i = 0; i < kValues; ++i) {
            const float factor = a.gate ? float(gate.value[i]) : 1.0f;
            piece.value[i] = T(float(piece.value[i]) + factor * float(more.value[i]));
            sums[round][i] = float(piece.value[i]);
            total += sums[round][i];
        }
        x[at] = piece;
    }
    const float mean = sum_over<kWarp>(total) / float(width);
    float squares = 0;
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        if (round * kWarp + lane >= a.pieces) break;
#pragma unroll
        for (int i = 0; i < kValues; ++i) {
            const float off = sums[round][i] - mean;
            squares += off * off;
        }
    }
    const float inverse = rsqrtf(sum_over<kWarp>(squares) / float(width) + a.eps);
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        const int at = round * kWarp + lane;
        if (at >= a.pieces) break;
        P scale, shift, piece;
        if (a.scale) {
            scale = reinterpret_cast<const P*>(a.scale)[at];
            shift = reinterpret_cast<const P*>(a.shift)[at];
        }
#pragma unroll
        for (int i = 0; i < kValues; ++i) {
            const float plain = (sums[round][i] - mean) * inverse;
            piece.value[i] =
                T(a.scale ? plain * float(scale.value[i]) + float(shift.value[i]) : plain);
        }
        normed[at] = piece;
    }
}

template <class T>
const T* data_or_null(const at::Tensor& tensor) {
    return tensor.defined() ? tensor.const_data_ptr<T>() : nullptr;
}

}  // namespace

// ---------------------------------------------------------------- launchers

bool launch_residual_norm(const at::Tensor& x, const Residual& residual,
                          const Modulation& modulation, double eps, const at::Tensor& into) {
    if (x.numel() == 0) return true;
    const auto width = x.size(-1), row_bytes = width * x.element_size();
    const auto aligned = [](const at::Tensor& t) {
        return !t.defined() ||
               reinterpret_cast<std::uintptr_t>(t.const_data_ptr()) % kPieceBytes == 0;
    };
    const auto& [y, gate] = residual;
    if (row_bytes % kPieceBytes != 0 || row_bytes > kPieceBytes * kWarp * kMostRounds ||
        !aligned(x) || !aligned(y) || !aligned(gate) || !aligned(modulation.scale) ||
        !aligned(modulation.shift) || !aligned(into))
        return false;
    const LaunchSite site(x);
    AT_DISPATCH_FLOATING_TYPES_AND2(
        at::kHalf, at::kBFloat16, x.scalar_type(), "residual_norm", [&] {
            const Arguments<scalar_t> arguments{.x = x.mutable_data_ptr<scalar_t>(),
                                                .normed = into.mutable_data_ptr<scalar_t>(),
                                                .y = y.const_data_ptr<scalar_t>(),
                                                .gate = data_or_null<scalar_t>(gate),
                                                .scale = data_or_null<scalar_t>(modulation.scale),
                                                .shift = data_or_null<scalar_t>(modulation.shift),
                                                .rows = x.numel() / width,
                                                .y_stride = y.dim() == 1 && x.dim() > 1 ? 0 : width,
                                                .pieces = int(row_bytes / kPieceBytes),
                                                .eps = float(eps)};
            constexpr int kWarps = kThreads / kWarp;
            const auto blocks = unsigned((arguments.rows + kWarps - 1) / kWarps);
            const auto launch = [&](auto rounds) {
                residual_norm_kernel<scalar_t, rounds.value>
                    <<<blocks, kThreads, 0, site.stream>>>(arguments);
            };
            if (arguments.pieces <= kWarp)
                launch(std::integral_constant<int, 1>{});
            else if (arguments.pieces <= 2 * kWarp)
                launch(std::integral_constant<int, 2>{});
            else if (arguments.pieces <= 4 * kWarp)
                launch(std::integral_constant<int, 4>{});
            else
                launch(std::integral_constant<int, kMostRounds>{});
        });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return true;
}

}  // namespace generator
