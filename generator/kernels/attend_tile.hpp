// Attention of one head by this processor's vector registers, without torch: keys and values are
// laid out once for all queries, then queries are taken six at a time, keys 256 at a time, and the
// softmax is carried along (Milakov & Gimelshein 2018, arXiv 1805.02867; Dao et al. 2022, arXiv
// 2205.14135). In bf16 products are of bf16 and sums in fp32. The same on any number of threads.
#pragma once

#include <cstdint>

namespace generator::attention {

inline constexpr std::int64_t kPanel = 64;       // keys that lie together
inline constexpr std::int64_t kQueries = 96;     // rows that one call of attend() is meant for
inline constexpr std::int64_t kMostWidth = 128;  // of a head; a multiple of 32

// T is float or a bf16's bits; lanes.hpp tells whether this processor has the instructions.

// Rows of one head: row i begins at data + i * stride.
template <class T>
struct Rows {
    const T* data;
    std::int64_t stride;
};

// A head's keys and values as pack() lays them out; `count` of them, at least 1.
template <class T>
struct Packed {
    const T* keys;
    const T* values;
    std::int64_t count;
};

// Elements of a head's keys, or of its values, once laid out.
constexpr std::int64_t packed_size(std::int64_t keys, std::int64_t width) {
    return (keys + kPanel - 1) / kPanel * kPanel * width;
}

// Lays out panel number `panel` of a head with `keys` keys; both results hold packed_size().
template <class T>
void pack(Rows<T> keys, Rows<T> values, std::int64_t count, std::int64_t width, std::int64_t panel,
          T* packed_keys, T* packed_values);

// softmax(scale * q k^T) v for up to kQueries rows: `out` row i at out + i * out_stride.
template <class T>
void attend(Rows<T> queries, std::int64_t count, Packed<T> packed, std::int64_t width, float scale,
            T* out, std::int64_t out_stride);

}  // namespace generator::attention
