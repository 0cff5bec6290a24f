// What the kernels for processors with 512-bit registers have in common. Each file that includes it
// compiles for any x86 processor, and asks has_fp32() or has_bf16() before it calls what is marked
// MINER_WIDE; elsewhere there is nothing but these two, which say no.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace generator::wide {

using Half = std::uint16_t;  // a bf16's bits

#if !defined(__x86_64__)

inline bool has_fp32() { return false; }
inline bool has_bf16() { return false; }

#else

inline bool has_fp32() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}
inline bool has_bf16() { return has_fp32() && __builtin_cpu_supports("avx512bf16"); }

#define MINER_WIDE [[gnu::target("avx512f,avx512bw,avx512bf16")]]
#define MINER_WIDE_INLINE [[gnu::target("avx512f,avx512bw,avx512bf16"), gnu::always_inline]] inline

inline constexpr int kRows = 6;  // of a product at once: 6 x 4 registers hold their sums

// 2^x, to 2e-7 of itself: Taylor's series on [-0.5, 0.5].
MINER_WIDE_INLINE __m512 power_of_two(__m512 x) {
    const auto whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT);
    const auto f = _mm512_sub_ps(x, whole);
    auto p = _mm512_set1_ps(1.5403530e-4F);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.3333558e-3F));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.6181291e-3F));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.5504109e-2F));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.4022651e-1F));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.9314718e-1F));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1));
    return _mm512_scalef_ps(p, whole);
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
MINER_WIDE_INLINE void multiply(const T* const (&rows)[kRows], const T* b, std::int64_t b_stride,
                                std::int64_t depth, __m512 (&sums)[kRows][kColumns]) {
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

#endif

}  // namespace generator::wide
