#include "generator/kernels/gather_tile.hpp"

#include "generator/kernels/narrow.hpp"
#include "generator/kernels/wide.hpp"

#include <algorithm>
#include <type_traits>

namespace generator::gathering {

using lanes::Half, lanes::kRows;

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kWeightBytes = 128 << 10;  // a part of a core's second-level cache

#define MINER_LANES_TEXT "generator/kernels/gather_lanes.hpp"
#include "generator/kernels/both_lanes.hpp"

}  // namespace

template <class T>
void pack(const T* weight, const Size& size, std::int64_t strip, T* packed) {
    constexpr std::int64_t kTogether = wide::Products<T>::kTogether;
    const auto columns = size.columns(strip);
    for (std::int64_t i = 0; i < size.fan * size.in; ++i) {
        const T* from = weight + i * size.out + strip * kColumns;
        T* to = packed + i / kTogether * kTogether * columns + i % kTogether;
        for (std::int64_t c = 0; c < columns; ++c) to[c * kTogether] = from[c];
    }
}

template <class T>
void multiply(const Source<T>& source, std::int64_t rows, const T* packed, const T* bias,
              const Size& size, std::int64_t strip, Finish finish, T* y) {
    const auto column = strip * kColumns, columns = size.columns(strip);
    if constexpr (std::is_same_v<T, float>) {
        if (!lanes::are_wide())
            return in_narrow::multiply_columns(source, rows, packed, bias + column, size, columns,
                                               finish, y + column);
    }
    in_wide::multiply_columns(source, rows, packed, bias + column, size, columns, finish,
                              y + column);
}

#else

template <class T>
void pack(const T*, const Size&, std::int64_t, T*) {}

template <class T>
void multiply(const Source<T>&, std::int64_t, const T*, const T*, const Size&, std::int64_t, Finish,
              T*) {}

#endif

template void pack(const float*, const Size&, std::int64_t, float*);
template void pack(const Half*, const Size&, std::int64_t, Half*);
template void multiply(const Source<float>&, std::int64_t, const float*, const float*, const Size&,
                       std::int64_t, Finish, float*);
template void multiply(const Source<Half>&, std::int64_t, const Half*, const Half*, const Size&,
                       std::int64_t, Finish, Half*);

}  // namespace generator::gathering
