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

constexpr std::int64_t kBlock = 512;  // keys between two looks at the maxima
constexpr float kLowest = -1e30F;     // finite: differences of infinities are none

struct State {
    float most[kRows];  // of the scores so far
    float sum[kRows];   // of their powers
};

#define MINER_LANES_TEXT "generator/kernels/attend_lanes.hpp"
#include "generator/kernels/both_lanes.hpp"

// A panel's keys and values from row `first` on, of which `count` are there; key by key.
template <class T>
void pack_rows(Rows<T> keys, Rows<T> values, std::int64_t first, std::int64_t count,
               std::int64_t width, T* to_keys, T* to_values) {
    constexpr std::int64_t kTogether = wide::Products<T>::kTogether;
    for (auto i = first; i < count; ++i) {
        const T *const key = keys.data + i * keys.stride, *const value =
                                                              values.data + i * values.stride;
        T* const value_row = to_values + i / kTogether * kTogether * width + i % kTogether;
        for (std::int64_t d = 0; d < width; ++d)
            to_keys[(d / kTogether * kPanel + i) * kTogether + d % kTogether] = key[d];
        for (std::int64_t d = 0; d < width; ++d) value_row[d * kTogether] = value[d];
    }
}

// The same by registers, 16 keys at a time; returns how many it has done.
template <class T>
MINER_WIDE std::int64_t pack_wide(Rows<T> keys, Rows<T> values, std::int64_t count,
                                  std::int64_t width, T* to_keys, T* to_values) {
    constexpr std::int64_t kTogether = wide::Products<T>::kTogether;
    const auto words = [](auto* data) {
        using Word = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(data)>>,
                                        const std::uint32_t, std::uint32_t>;
        return reinterpret_cast<Word*>(data);
    };
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        for (std::int64_t d = 0; d < width; d += 16 * kTogether)
            wide::transpose(words(keys.data + i * keys.stride + d), keys.stride / kTogether,
                            words(to_keys + d * kPanel + i * kTogether), kPanel);
        for (auto row = i; row < i + 16; row += kTogether) {
            const T* const value = values.data + row * values.stride;
            for (std::int64_t d = 0; d < width; d += 16) {
                if constexpr (kTogether == 2)
                    wide::interleave(value + d, value + values.stride + d,
                                     to_values + row * width + 2 * d);
                else
                    wide::store(to_values + row * width + d, wide::load(value + d));
            }
        }
    }
    return i;
}

}  // namespace

template <class T>
void pack(Rows<T> keys, Rows<T> values, std::int64_t count, std::int64_t width, std::int64_t panel,
          T* packed_keys, T* packed_values) {
    const auto first = panel * kPanel, there = std::min(kPanel, count - first);
    T* const to_keys = packed_keys + first * width;
    T* const to_values = packed_values + first * width;
    if (there < kPanel) {
        std::fill_n(to_keys, kPanel * width, T(0));
        std::fill_n(to_values, kPanel * width, T(0));
    }
    keys.data += first * keys.stride;
    values.data += first * values.stride;
    // Words of two bf16 have to begin at an even place.
    const bool by_registers = lanes::are_wide() && keys.stride % wide::Products<T>::kTogether == 0;
    const auto done = by_registers ? pack_wide(keys, values, there, width, to_keys, to_values) : 0;
    pack_rows(keys, values, done, there, width, to_keys, to_values);
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
