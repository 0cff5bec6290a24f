#include "generator/kernels/rows_tile.hpp"

#include "generator/kernels/narrow.hpp"
#include "generator/kernels/wide.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace generator::rows {

using lanes::Half;

#if defined(__x86_64__)

namespace {

#define MINER_LANES_TEXT "generator/kernels/rows_lanes.hpp"
#include "generator/kernels/both_lanes.hpp"

}  // namespace

template <class T>
void norm(const T* x, std::int64_t rows, const Norm<T>& how, T* into) {
    if constexpr (std::is_same_v<T, float>)
        if (!lanes::are_wide()) return in_narrow::norm(x, rows, how, into);
    in_wide::norm(x, rows, how, into);
}

template <class T>
void add_and_norm(T* x, std::int64_t rows, const Addend<T>& addend, const Norm<T>& how, T* into) {
    if constexpr (std::is_same_v<T, float>)
        if (!lanes::are_wide()) return in_narrow::add_and_norm(x, rows, addend, how, into);
    in_wide::add_and_norm(x, rows, addend, how, into);
}

template <class T>
void norm_heads(T* x, std::int64_t heads, std::int64_t width, const float* gamma) {
    if constexpr (std::is_same_v<T, float>)
        if (!lanes::are_wide()) return in_narrow::norm_heads(x, heads, width, gamma);
    in_wide::norm_heads(x, heads, width, gamma);
}

template <class T>
void sum_slices(const T* x, const std::int64_t* table, const Slices& slices, const T* bias,
                std::int64_t rows, T* y) {
    if constexpr (std::is_same_v<T, float>)
        if (!lanes::are_wide()) return in_narrow::sum_slices(x, table, slices, bias, rows, y);
    in_wide::sum_slices(x, table, slices, bias, rows, y);
}

#else

template <class T>
void norm(const T*, std::int64_t, const Norm<T>&, T*) {}
template <class T>
void add_and_norm(T*, std::int64_t, const Addend<T>&, const Norm<T>&, T*) {}
template <class T>
void norm_heads(T*, std::int64_t, std::int64_t, const float*) {}
template <class T>
void sum_slices(const T*, const std::int64_t*, const Slices&, const T*, std::int64_t, T*) {}

#endif

template void norm(const float*, std::int64_t, const Norm<float>&, float*);
template void norm(const Half*, std::int64_t, const Norm<Half>&, Half*);
template void add_and_norm(float*, std::int64_t, const Addend<float>&, const Norm<float>&, float*);
template void add_and_norm(Half*, std::int64_t, const Addend<Half>&, const Norm<Half>&, Half*);
template void norm_heads(float*, std::int64_t, std::int64_t, const float*);
template void norm_heads(Half*, std::int64_t, std::int64_t, const float*);
template void sum_slices(const float*, const std::int64_t*, const Slices&, const float*,
                         std::int64_t, float*);
template void sum_slices(const Half*, const std::int64_t*, const Slices&, const Half*, std::int64_t,
                         Half*);

}  // namespace generator::rows
