#include "generator/kernels/attend_tile.hpp"

#include "generator/kernels/narrow.hpp"
#include "generator/kernels/wide.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace generator::attention {

using lanes::Half, lanes::kRows;

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kBlock = 256;  // keys between two looks at the maxima
constexpr float kLowest = -1e30F;     // finite: differences of infinities are none

struct State {
    float most[kRows];  // of the scores so far
    float sum[kRows];   // of their powers
};

namespace in_wide {
using namespace wide;
#define MINER_LANES MINER_WIDE
#define MINER_LANES_INLINE MINER_WIDE_INLINE
#include "generator/kernels/attend_lanes.hpp"
#undef MINER_LANES
#undef MINER_LANES_INLINE
}  // namespace in_wide

namespace in_narrow {
using namespace narrow;
#define MINER_LANES MINER_NARROW
#define MINER_LANES_INLINE MINER_NARROW_INLINE
#include "generator/kernels/attend_lanes.hpp"
#undef MINER_LANES
#undef MINER_LANES_INLINE
}  // namespace in_narrow

}  // namespace

template <class T>
void pack(Rows<T> keys, Rows<T> values, std::int64_t count, std::int64_t width, std::int64_t panel,
          T* packed_keys, T* packed_values) {
    constexpr std::int64_t kTogether = wide::Products<T>::kTogether;
    const auto first = panel * kPanel, there = std::min(kPanel, count - first);
    T* to_keys = packed_keys + first * width;
    T* to_values = packed_values + first * width;
    if (there < kPanel) {
        std::fill_n(to_keys, kPanel * width, T(0));
        std::fill_n(to_values, kPanel * width, T(0));
    }
    for (std::int64_t i = 0; i < there; ++i) {
        const T* key = keys.data + (first + i) * keys.stride;
        const T* value = values.data + (first + i) * values.stride;
        T* value_row = to_values + i / kTogether * kTogether * width + i % kTogether;
        for (std::int64_t d = 0; d < width; ++d) {
            to_keys[(d / kTogether * kPanel + i) * kTogether + d % kTogether] = key[d];
            value_row[d * kTogether] = value[d];
        }
    }
}

template <class T>
void attend(Rows<T> queries, std::int64_t count, Packed<T> packed, std::int64_t width, float scale,
            T* out, std::int64_t out_stride) {
    if constexpr (std::is_same_v<T, float>) {
        if (!lanes::are_wide())
            return in_narrow::attend(queries, count, packed, width, scale, out, out_stride);
    }
    in_wide::attend(queries, count, packed, width, scale, out, out_stride);
}

#else

template <class T>
void pack(Rows<T>, Rows<T>, std::int64_t, std::int64_t, std::int64_t, T*, T*) {}

template <class T>
void attend(Rows<T>, std::int64_t, Packed<T>, std::int64_t, float, T*, std::int64_t) {}

#endif

template void pack(Rows<float>, Rows<float>, std::int64_t, std::int64_t, std::int64_t, float*,
                   float*);
template void pack(Rows<Half>, Rows<Half>, std::int64_t, std::int64_t, std::int64_t, Half*, Half*);
template void attend(Rows<float>, std::int64_t, Packed<float>, std::int64_t, float, float*,
                     std::int64_t);
template void attend(Rows<Half>, std::int64_t, Packed<Half>, std::int64_t, float, Half*,
                     std::int64_t);

}  // namespace generator::attention
