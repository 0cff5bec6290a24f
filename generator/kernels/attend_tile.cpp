#include "generator/kernels/attend_tile.hpp"

#include "generator/kernels/wide.hpp"

#include <algorithm>
#include <cstring>

namespace generator::attention {

using namespace wide;

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kBlock = 256;  // keys between two looks at the maxima
constexpr float kLowest = -1e30F;     // finite: differences of infinities are none

struct State {
    float most[kRows];  // of the scores so far
    float sum[kRows];   // of their powers
};

// Scores of kRows queries with kColumns * 16 keys of a panel, to scores [kRows, kBlock]; the first
// `there` of these keys count.
template <class T, int kColumns>
MINER_WIDE_INLINE void score(const T* queries, const T* panel, std::int64_t width,
                             std::int64_t there, float* scores, __m512 (&most)[kRows]) {
    __m512 sums[kRows][kColumns] = {};
    const T* rows[kRows];
    for (int r = 0; r < kRows; ++r) rows[r] = queries + r * width;
    multiply<T, kColumns>(rows, panel, kPanel * Products<T>::kTogether, width, sums);
    if (there < kColumns * 16) {
        for (int c = 0; c < kColumns; ++c) {
            const auto left = std::clamp<std::int64_t>(there - c * 16, 0, 16);
            const auto absent = __mmask16(~((1U << left) - 1U));
            for (int r = 0; r < kRows; ++r)
                sums[r][c] = _mm512_mask_mov_ps(sums[r][c], absent, _mm512_set1_ps(kLowest));
        }
    }
    for (int r = 0; r < kRows; ++r) {
        for (int c = 0; c < kColumns; ++c) {
            _mm512_storeu_ps(scores + r * kBlock + c * 16, sums[r][c]);
            most[r] = _mm512_max_ps(most[r], sums[r][c]);
        }
    }
}

// out [kRows, width] = out * factor + weights [kRows, kBlock] times values, kColumns registers
// wide.
template <class T, int kColumns>
MINER_WIDE_INLINE void weigh(const T* weights, const T* values, std::int64_t width,
                             std::int64_t keys, const float* factor, float* out) {
    __m512 sums[kRows][kColumns];
    for (int r = 0; r < kRows; ++r) {
        for (int c = 0; c < kColumns; ++c) {
            sums[r][c] =
                _mm512_mul_ps(_mm512_loadu_ps(out + r * width + c * 16), _mm512_set1_ps(factor[r]));
        }
    }
    const T* rows[kRows];
    for (int r = 0; r < kRows; ++r) rows[r] = weights + r * kBlock;
    multiply<T, kColumns>(rows, values, width * Products<T>::kTogether, keys, sums);
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kColumns; ++c) _mm512_storeu_ps(out + r * width + c * 16, sums[r][c]);
}

// One block of up to kBlock keys for kRows queries.
template <class T>
MINER_WIDE_INLINE void take_block(const T* queries, Packed<T> block, std::int64_t width,
                                  float scale, State& state, float* out) {
    alignas(64) float scores[kRows * kBlock];
    alignas(64) T weights[kRows * kBlock];
    __m512 most[kRows];
    for (auto& one : most) one = _mm512_set1_ps(kLowest);
    std::int64_t done = 0;
    for (; done + kPanel <= block.count; done += kPanel)
        score<T, kPanel / 16>(queries, block.keys + done * width, width, kPanel, scores + done,
                              most);
    const T* last_panel = block.keys + done * width;
    for (std::int64_t column = 0; done < block.count; done += 16, column += 16)
        score<T, 1>(queries, last_panel + column * Products<T>::kTogether, width,
                    block.count - done, scores + done, most);
    float factor[kRows];
    for (int r = 0; r < kRows; ++r) {
        const float best = std::max(state.most[r], _mm512_reduce_max_ps(most[r]));
        const auto scales = _mm512_set1_ps(scale), shift = _mm512_set1_ps(-best * scale);
        auto sum = _mm512_setzero_ps();
        for (std::int64_t i = r * kBlock; i < r * kBlock + done; i += 16) {
            const auto power =
                power_of_two(_mm512_fmadd_ps(_mm512_loadu_ps(scores + i), scales, shift));
            Products<T>::store(weights + i, power);
            sum = _mm512_add_ps(sum, power);
        }
        factor[r] = _mm512_cvtss_f32(power_of_two(_mm512_set1_ps((state.most[r] - best) * scale)));
        state.sum[r] = state.sum[r] * factor[r] + _mm512_reduce_add_ps(sum);
        state.most[r] = best;
    }
    std::int64_t column = 0;
    for (; column + 64 <= width; column += 64)
        weigh<T, 4>(weights, block.values + column * Products<T>::kTogether, width, done, factor,
                    out + column);
    if (column < width)
        weigh<T, 2>(weights, block.values + column * Products<T>::kTogether, width, done, factor,
                    out + column);
}

template <class T>
MINER_WIDE void attend_wide(Rows<T> queries, std::int64_t count, Packed<T> packed,
                            std::int64_t width, float scale, T* out, std::int64_t out_stride) {
    constexpr int kGroups = int(kQueries / kRows);
    alignas(64) T rows[kQueries * kMostWidth];
    alignas(64) float sums[kQueries * kMostWidth];
    State states[kGroups];
    for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(rows + i * width, queries.data + i * queries.stride,
                    std::size_t(width) * sizeof(T));
    const auto groups = (count + kRows - 1) / kRows;
    std::fill(rows + count * width, rows + groups * kRows * width, T(0));
    std::fill_n(sums, groups * kRows * width, 0.0F);
    for (auto& state : states)
        for (int r = 0; r < kRows; ++r) state.most[r] = kLowest, state.sum[r] = 0;

    constexpr float kLog2E = 1.44269504F;
    for (std::int64_t first = 0; first < packed.count; first += kBlock) {
        const Packed<T> block{packed.keys + first * width, packed.values + first * width,
                              std::min(kBlock, packed.count - first)};
        for (std::int64_t g = 0; g < groups; ++g) {
            take_block<T>(rows + g * kRows * width, block, width, scale * kLog2E, states[g],
                          sums + g * kRows * width);
        }
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const auto share = _mm512_set1_ps(1 / states[i / kRows].sum[i % kRows]);
        for (std::int64_t d = 0; d < width; d += 16) {
            Products<T>::store(out + i * out_stride + d,
                               _mm512_mul_ps(_mm512_loadu_ps(sums + i * width + d), share));
        }
    }
}

}  // namespace

template <class T>
void pack(Rows<T> keys, Rows<T> values, std::int64_t count, std::int64_t width, std::int64_t panel,
          T* packed_keys, T* packed_values) {
    constexpr std::int64_t kTogether = Products<T>::kTogether;
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
    attend_wide(queries, count, packed, width, scale, out, out_stride);
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
