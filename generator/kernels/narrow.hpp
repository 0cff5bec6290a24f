// The vocabulary of kernels' texts on 256-bit registers, AVX2 with FMA: a vector is two of them.
// See lanes.hpp.
#pragma once

#include "generator/kernels/lanes.hpp"

#include <cstdint>
#include <iterator>

#if defined(__x86_64__)
#include <immintrin.h>

#define MINER_NARROW [[gnu::target("avx2,fma")]]
#define MINER_NARROW_INLINE [[gnu::target("avx2,fma"), gnu::always_inline]] inline

namespace generator::narrow {

using lanes::Half, lanes::kRows;

struct Floats {
    __m256 low, high;
};

MINER_NARROW_INLINE Floats all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
MINER_NARROW_INLINE Floats load(const float* from) {
    return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}
MINER_NARROW_INLINE void store(float* to, Floats x) {
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}
MINER_NARROW_INLINE Floats add(Floats a, Floats b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
MINER_NARROW_INLINE Floats sub(Floats a, Floats b) {
    return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
MINER_NARROW_INLINE Floats mul(Floats a, Floats b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
MINER_NARROW_INLINE Floats div(Floats a, Floats b) {
    return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
MINER_NARROW_INLINE Floats fma(Floats a, Floats b, Floats c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
MINER_NARROW_INLINE Floats max(Floats a, Floats b) {
    return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
MINER_NARROW_INLINE Floats min(Floats a, Floats b) {
    return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
MINER_NARROW_INLINE float first_of(Floats x) { return _mm256_cvtss_f32(x.low); }
MINER_NARROW_INLINE float sum_of(Floats x) {
    const auto eight = _mm256_add_ps(x.low, x.high);
    auto four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
MINER_NARROW_INLINE float most_of(Floats x) {
    const auto eight = _mm256_max_ps(x.low, x.high);
    auto four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}
MINER_NARROW_INLINE __m256 round(__m256 x) {
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
MINER_NARROW_INLINE Floats round(Floats x) { return {round(x.low), round(x.high)}; }

MINER_NARROW_INLINE __m256 power_of_whole(__m256i n) {  // normal
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
// In two steps, as 2^-150 is no normal number; beyond 2^252 all is infinite, or 0.
MINER_NARROW_INLINE __m256 scale_by_power(__m256 x, __m256 whole) {
    const auto most = _mm256_set1_ps(252), least = _mm256_set1_ps(-252);
    const auto n = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(whole, most), least)),
               half = _mm256_srai_epi32(n, 1);
    return _mm256_mul_ps(_mm256_mul_ps(x, power_of_whole(half)),
                         power_of_whole(_mm256_sub_epi32(n, half)));
}
// x * 2^whole.
MINER_NARROW_INLINE Floats scale_by_power(Floats x, Floats whole) {
    return {scale_by_power(x.low, whole.low), scale_by_power(x.high, whole.high)};
}

MINER_NARROW_INLINE __m256 keep(__m256 x, std::int64_t count, float otherwise) {
    const auto place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const auto there = _mm256_cmpgt_epi32(_mm256_set1_epi32(int(count)), place);
    return _mm256_blendv_ps(_mm256_set1_ps(otherwise), x, _mm256_castsi256_ps(there));
}
// The first `count` of x, 0 to 16, and `otherwise` in place of the rest.
MINER_NARROW_INLINE Floats keep(Floats x, std::int64_t count, float otherwise) {
    return {keep(x.low, count, otherwise), keep(x.high, count - 8, otherwise)};
}

template <class T>
struct Products;

template <>
struct Products<float> {
    static constexpr int kTogether = 1;
    MINER_NARROW_INLINE static Floats widen(const float* from) { return load(from); }
    MINER_NARROW_INLINE static void store(float* to, Floats values) { narrow::store(to, values); }
};

// As wide::add_products(); a vector of columns at a time, as 16 registers hold no more sums.
template <class T, int kColumns>
MINER_NARROW_INLINE void add_products(const T* const (&rows)[kRows], const T* b,
                                      std::int64_t b_stride, std::int64_t depth,
                                      Floats (&sums)[kRows][kColumns]) {
    for (int c = 0; c < kColumns; ++c, b += 16) {
        Floats mine[kRows];
        for (int r = 0; r < kRows; ++r) mine[r] = sums[r][c];
        const T* column = b;
        for (std::int64_t d = 0; d < depth; ++d, column += b_stride) {
            const auto values = load(column);
            for (int r = 0; r < kRows; ++r) {
                const auto row = _mm256_broadcast_ss(rows[r] + d);
                mine[r].low = _mm256_fmadd_ps(row, values.low, mine[r].low);
                mine[r].high = _mm256_fmadd_ps(row, values.high, mine[r].high);
            }
        }
        for (int r = 0; r < kRows; ++r) sums[r][c] = mine[r];
    }
}

#define MINER_LANES_INLINE MINER_NARROW_INLINE
#include "generator/kernels/formulas_lanes.hpp"
#undef MINER_LANES_INLINE

}  // namespace generator::narrow

#endif
