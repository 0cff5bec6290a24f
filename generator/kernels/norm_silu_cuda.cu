// A few lanes own a row, as many as it has pieces of 16 bytes, up to a warp: rows of few channels,
// of which a warp holds several. They read it once into registers, reduce by shuffles and write it.
// Memory bound: twice the bytes of x is the floor, where torch's norm gives each row a block of its
// own, whatever its width, and the activation reads and writes all of it once more.
#include "generator/kernels/launch_site.cuh"
#include "generator/kernels/norm_silu_launch.hpp"
#include "generator/kernels/pieces.cuh"

#include <cstdint>
#include <type_traits>

#include <ATen/Dispatch.h>
#include <c10/cuda/CUDAException.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 256;
constexpr int kMostRounds = 8;  // rows of 4 KiB; beyond that registers run out

template <class T>
struct Arguments {
    const Piece<T>* x;
    const Piece<T>* scale;
    const Piece<T>* shift;
    Piece<T>* into;
    int64_t rows;
    int pieces;  // of a row
    float eps;
};

// ---------------------------------------------------------------- kernels

// Rows of at most kLanes * kRounds pieces.
template <class T, int kLanes, int kRounds>
__global__ void norm_silu_kernel(Arguments<T> a) {
    constexpr int kValues = Piece<T>::kValues;
    const int64_t row = (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
    const int lane = int(threadIdx.x) % kLanes;
    const bool there = row < a.rows;  // lanes of a warp shuffle together
    const Piece<T>* const from = a.x + (there ? row * a.pieces : 0);

    Piece<T> pieces[kRounds];
    float total = 0;
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        const int at = round * kLanes + lane;
        if (at >= a.pieces) break;
        pieces[round] = from[at];
#pragma unroll
        for (int i = 0; i < kValues; ++i) total += float(pieces[round].value[i]);
    }
    const float width = float(a.pieces * kValues);
    const float mean = sum_over<kLanes>(total) / width;
    float squares = 0;
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        if (round * kLanes + lane >= a.pieces) break;
#pragma unroll
        for (int i = 0; i < kValues; ++i) {
            const float off = float(pieces[round].value[i]) - mean;
            squares += off * off;
        }
    }
    const float inverse = rsqrtf(sum_over<kLanes>(squares) / width + a.eps);
    if (!there) return;
#pragma unroll
    for (int round = 0; round < kRounds; ++round) {
        const int at = round * kLanes + lane;
        if (at >= a.pieces) break;
        const Piece<T> scale = a.scale[at], shift = a.shift[at];
        Piece<T> piece;
#pragma unroll
        for (int i = 0; i < kValues; ++i) {
            const float y =
                (float(pieces[round].value[i]) - mean) * inverse * float(scale.value[i]) +
                float(shift.value[i]);
            piece.value[i] = T(y / (1 + __expf(-y)));
        }
        a.into[row * a.pieces + at] = piece;
    }
}

}  // namespace

// ---------------------------------------------------------------- launchers

bool launch_norm_silu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                      double eps, const at::Tensor& into) {
    const auto row_bytes = x.size(-1) * int64_t(x.element_size());
    const auto aligned = [](const at::Tensor& t) {
        return reinterpret_cast<std::uintptr_t>(t.const_data_ptr()) % kPieceBytes == 0;
    };
    if (row_bytes % kPieceBytes != 0 || row_bytes > kPieceBytes * kWarp * kMostRounds ||
        !aligned(x) || !aligned(scale) || !aligned(shift) || !aligned(into))
        return false;
    const int pieces = int(row_bytes / kPieceBytes);
    const int64_t rows = x.numel() / x.size(-1);
    const LaunchSite site(x);
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "norm_silu", [&] {
        const auto whole = [](const at::Tensor& t) {
            return static_cast<const Piece<scalar_t>*>(t.const_data_ptr());
        };
        const Arguments<scalar_t> arguments{
            whole(x),     whole(scale),
            whole(shift), static_cast<Piece<scalar_t>*>(into.mutable_data_ptr()),
            rows,         pieces,
            float(eps)};
        const auto launch = [&](auto lanes, auto rounds) {
            const auto blocks = unsigned((rows * lanes.value + kThreads - 1) / kThreads);
            norm_silu_kernel<scalar_t, lanes.value, rounds.value>
                <<<blocks, kThreads, 0, site.stream>>>(arguments);
        };
        constexpr std::integral_constant<int, 1> once;
        constexpr std::integral_constant<int, kWarp> warp;
        if (pieces <= 4)
            launch(std::integral_constant<int, 4>{}, once);
        else if (pieces <= 8)
            launch(std::integral_constant<int, 8>{}, once);
        else if (pieces <= 16)
            launch(std::integral_constant<int, 16>{}, once);
        else if (pieces <= kWarp)
            launch(warp, once);
        else if (pieces <= 2 * kWarp)
            launch(warp, std::integral_constant<int, 2>{});
        else if (pieces <= 4 * kWarp)
            launch(warp, std::integral_constant<int, 4>{});
        else
            launch(warp, std::integral_constant<int, kMostRounds>{});
    });
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return true;
}

}  // namespace generator
