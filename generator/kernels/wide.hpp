// The vocabulary of kernels' texts on 512-bit registers: a vector is one of them. See lanes.hpp.
#pragma once

#include "generator/kernels/lanes.hpp"

#include <cstdint>
#include <cstring>
#include <iterator>

#if defined(__x86_64__)
#include <immintrin.h>

#define MINER_WIDE [[gnu::target("avx512f,avx512bw,avx512bf16")]]
#define MINER_WIDE_INLINE [[gnu::target("avx512f,avx512bw,avx512bf16"), gnu::always_inline]] inline

namespace generator::wide {

using lanes::Half, lanes::kRows;
using Floats = __m512;  // 16

MINER_WIDE_INLINE Floats all(float x) { return _mm512_set1_ps(x); }
MINER_WIDE_INLINE Floats load(const float* from) { return _mm512_loadu_ps(from); }
MINER_WIDE_INLINE void store(float* to, Floats x) { _mm512_storeu_ps(to, x); }
MINER_WIDE_INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
MINER_WIDE_INLINE Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
MINER_WIDE_INLINE Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
MINER_WIDE_INLINE Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
MINER_WIDE_INLINE Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
MINER_WIDE_INLINE Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
MINER_WIDE_INLINE Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
MINER_WIDE_INLINE float sum_of(Floats x) { return _mm512_reduce_add_ps(x); }
MINER_WIDE_INLINE float most_of(Floats x) { return _mm512_reduce_max_ps(x); }
MINER_WIDE_INLINE float first_of(Floats x) { return _mm512_cvtss_f32(x); }
MINER_WIDE_INLINE Floats round(Floats x) {
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT);
}

// x * 2^whole.
MINER_WIDE_INLINE Floats scale_by_power(Floats x, Floats whole) {
    return _mm512_scalef_ps(x, whole);
}

// The first `count` of x, 0 to 16, and `otherwise` in place of the rest.
MINER_WIDE_INLINE Floats keep(Floats x, std::int64_t count, float otherwise) {
    return _mm512_mask_mov_ps(x, __mmask16(~((1U << count) - 1U)), all(otherwise));
}

// How many elements stand side by side where products are formed, two in bf16, and what multiplies.
template <class T>
struct Products;

template <>
struct Products<float> {
    static constexpr int kTogether = 1;
    using Vector = __m512;
    MINER_WIDE_INLINE static Vector load(const float* from) { return _mm512_loadu_ps(from); }
    MINER_WIDE_INLINE static Vector everywhere(const float* from) { return _mm512_set1_ps(*from); }
    MINER_WIDE_INLINE static __m512 add(__m512 sum, Vector a, Vector b) {
        return _mm512_fmadd_ps(a, b, sum);
    }
    MINER_WIDE_INLINE static __m512 widen(const float* from) { return _mm512_loadu_ps(from); }
    MINER_WIDE_INLINE static void store(float* to, __m512 values) { _mm512_storeu_ps(to, values); }
};

template <>
struct Products<Half> {
    static constexpr int kTogether = 2;
    using Vector = __m512bh;
    MINER_WIDE_INLINE static Vector load(const Half* from) {
        return (__m512bh)_mm512_loadu_si512(from);
    }
    MINER_WIDE_INLINE static Vector everywhere(const Half* from) {
        int pair;
        std::memcpy(&pair, from, sizeof pair);
        return (__m512bh)_mm512_set1_epi32(pair);
    }
    MINER_WIDE_INLINE static __m512 add(__m512 sum, Vector a, Vector b) {
        return _mm512_dpbf16_ps(sum, a, b);
    }
    MINER_WIDE_INLINE static __m512 widen(const Half* from) {
        const auto bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16);
    }
    MINER_WIDE_INLINE static void store(Half* to, __m512 values) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(values));
    }
};

// sums[kRows][kColumns] += rows [kRows, depth] times b, one vector of which is `b_stride` elements
// after the one before it.
template <class T, int kColumns>
MINER_WIDE_INLINE void add_products(const T* const (&rows)[kRows], const T* b,
                                    std::int64_t b_stride, std::int64_t depth,
                                    Floats (&sums)[kRows][kColumns]) {
    using P = Products<T>;
    for (std::int64_t d = 0; d < depth; d += P::kTogether, b += b_stride) {
        typename P::Vector columns[kColumns];
        for (int c = 0; c < kColumns; ++c) columns[c] = P::load(b + c * 16 * P::kTogether);
        for (int r = 0; r < kRows; ++r) {
            const auto row = P::everywhere(rows[r] + d);
            for (int c = 0; c < kColumns; ++c) sums[r][c] = P::add(sums[r][c], row, columns[c]);
        }
    }
}

// 16 x 16 words of 32 bits: row i is at from + i * stride, column i goes to to + i * to_stride.
MINER_WIDE_INLINE void transpose(const std::uint32_t* from, std::int64_t stride, std::uint32_t* to,
                                 std::int64_t to_stride) {
    __m512 rows[16], pairs[16];
    __m512d fours[16];
    for (int i = 0; i < 16; ++i) rows[i] = _mm512_loadu_ps(from + i * stride);
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        for (int j = 0; j < 2; ++j) {
            const auto a = (__m512d)pairs[i + j], b = (__m512d)pairs[i + 2 + j];
            fours[i + 2 * j] = _mm512_unpacklo_pd(a, b);
            fours[i + 2 * j + 1] = _mm512_unpackhi_pd(a, b);
        }
    }
    // A quarter q of fours[4 * g + j] is column 4 * q + j of rows 4 * g and the three after it.
    for (int j = 0; j < 4; ++j) {
        const auto a = (__m512)fours[j], b = (__m512)fours[4 + j], c = (__m512)fours[8 + j],
                   d = (__m512)fours[12 + j];
        const auto even = _mm512_shuffle_f32x4(a, b, 0x88), odd = _mm512_shuffle_f32x4(a, b, 0xdd),
                   more_even = _mm512_shuffle_f32x4(c, d, 0x88),
                   more_odd = _mm512_shuffle_f32x4(c, d, 0xdd);
        _mm512_storeu_ps(to + j * to_stride, _mm512_shuffle_f32x4(even, more_even, 0x88));
        _mm512_storeu_ps(to + (4 + j) * to_stride, _mm512_shuffle_f32x4(odd, more_odd, 0x88));
        _mm512_storeu_ps(to + (8 + j) * to_stride, _mm512_shuffle_f32x4(even, more_even, 0xdd));
        _mm512_storeu_ps(to + (12 + j) * to_stride, _mm512_shuffle_f32x4(odd, more_odd, 0xdd));
    }
}

// 16 of each of two rows, side by side: a[0], b[0], a[1] and so on.
MINER_WIDE_INLINE void interleave(const Half* a, const Half* b, Half* to) {
    const auto low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)),
               high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    _mm512_storeu_si512(to, _mm512_or_si512(_mm512_cvtepu16_epi32(low),
                                            _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16)));
}

#define MINER_LANES_INLINE MINER_WIDE_INLINE
#include "generator/kernels/formulas_lanes.hpp"
#undef MINER_LANES_INLINE

}  // namespace generator::wide

#endif
