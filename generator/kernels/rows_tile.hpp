// Norms, and sums of rows, by this processor's vector registers, without torch: each row is read
// once from memory. The same on any number of threads.
#pragma once

#include <cstdint>

namespace generator::rows {

// T is float or a bf16's bits; lanes.hpp tells whether this processor has the instructions. Widths
// are multiples of 16.

inline constexpr std::int64_t kMostSlices = 64;

// The layer norm of rows, by learned or modulated scale and shift.
template <class T>
struct Norm {
    std::int64_t width;
    const T* scale;  // [width], as `shift`; null, both of them, for the norm alone
    const T* shift;
    float eps;
    bool silu = false;  // of the result
};

// into [rows, width], which may be x.
template <class T>
void norm(const T* x, std::int64_t rows, const Norm<T>& how, T* into);

// gate * y, row r of which begins at y + r * stride.
template <class T>
struct Addend {
    const T* y;
    std::int64_t stride;  // 0: the same for every row
    const T* gate;        // [width], or null for 1
};

// Adds to x [rows, width] in place, and norms what came of it.
template <class T>
void add_and_norm(T* x, std::int64_t rows, const Addend<T>& addend, const Norm<T>& how, T* into);

// Heads that lie one after the other, in place: x / |x| * gamma [heads, width].
template <class T>
void norm_heads(T* x, std::int64_t heads, std::int64_t width, const float* gamma);

struct Slices {
    std::int64_t fan;     // slices that go into a row, kMostSlices at most
    std::int64_t absent;  // such an entry of the table names no row
    std::int64_t width;
};

// y [rows, width]: bias plus the sum over k < fan of slice k of the row of x [., fan, width] that
// table [rows, fan] names.
template <class T>
void sum_slices(const T* x, const std::int64_t* table, const Slices& slices, const T* bias,
                std::int64_t rows, T* y);

}  // namespace generator::rows
