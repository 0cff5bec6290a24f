// What kernels that read rows in pieces of 16 bytes have in common.
#pragma once

namespace generator {

constexpr int kWarp = 32;
constexpr int kPieceBytes = 16;

template <class T>
struct alignas(kPieceBytes) Piece {
    static constexpr int kValues = kPieceBytes / int(sizeof(T));
    T value[kValues];
};

// Over kLanes neighbouring lanes, all of which call it; each has the sum.
template <int kLanes>
__device__ float sum_over(float v) {
    for (int offset = kLanes / 2; offset > 0; offset /= 2) v += __shfl_xor_sync(~0u, v, offset);
    return v;
}

}  // namespace generator
