#include "generator/kernels/gather_tile.hpp"

#include "generator/kernels/wide.hpp"

#include <algorithm>

namespace generator::gathering {

using namespace wide;

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kWeightBytes = 128 << 10;  // a part of a core's second-level cache

// Adds what neighbours first..last of the source's results give to sums [kRows, 16 * kVectors];
// `there` of the results exist.
template <class T, int kVectors>
MINER_WIDE_INLINE void add_neighbours(const Source<T> source, std::int64_t there, const T* packed,
                                      const Size& size, std::int64_t first, std::int64_t last,
                                      float* sums) {
    __m512 all[kRows][kVectors];
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kVectors; ++c)
            all[r][c] = _mm512_loadu_ps(sums + (r * kVectors + c) * 16);
    for (auto k = first; k < last; ++k) {
        const T* rows[kRows];
        bool any = false;
        for (int r = 0; r < kRows; ++r) {
            const auto row = r >= there ? source.absent : source.row(r * size.fan + k);
            rows[r] = row == source.absent ? source.zeros : source.x + row * size.in;
            any = any || row != source.absent;
        }
        if (any) {
            wide::multiply<T, kVectors>(rows, packed + k * size.in * kVectors * 16,
                                        kVectors * 16 * Products<T>::kTogether, size.in, all);
        }
    }
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kVectors; ++c)
            _mm512_storeu_ps(sums + (r * kVectors + c) * 16, all[r][c]);
}

template <class T, int kVectors>
MINER_WIDE void multiply_strip(const Source<T>& source, std::int64_t rows, const T* packed,
                               const T* bias, const Size& size, T* y) {
    constexpr std::int64_t kWidth = kVectors * 16;
    alignas(64) float sums[kRowsAtOnce * kWidth];
    for (int c = 0; c < kVectors; ++c) {
        const auto start = Products<T>::widen(bias + c * 16);
        for (std::int64_t r = 0; r < kRowsAtOnce; ++r)
            _mm512_storeu_ps(sums + r * kWidth + c * 16, start);
    }
    const auto bytes = size.in * kWidth * std::int64_t(sizeof(T));
    const auto together = std::max<std::int64_t>(kWeightBytes / bytes, 1);
    for (std::int64_t k = 0; k < size.fan; k += together) {
        for (std::int64_t r = 0; r < rows; r += kRows) {
            add_neighbours<T, kVectors>(source.from(r, size), rows - r, packed, size, k,
                                        std::min(k + together, size.fan), sums + r * kWidth);
        }
    }
    for (std::int64_t r = 0; r < rows; ++r)
        for (int c = 0; c < kVectors; ++c)
            Products<T>::store(y + r * size.out + c * 16,
                               _mm512_loadu_ps(sums + r * kWidth + c * 16));
}

}  // namespace

template <class T>
void pack(const T* weight, const Size& size, std::int64_t strip, T* packed) {
    constexpr std::int64_t kTogether = Products<T>::kTogether;
    const auto columns = size.columns(strip);
    for (std::int64_t i = 0; i < size.fan * size.in; ++i) {
        const T* from = weight + i * size.out + strip * kColumns;
        T* to = packed + i / kTogether * kTogether * columns + i % kTogether;
        for (std::int64_t c = 0; c < columns; ++c) to[c * kTogether] = from[c];
    }
}

template <class T>
void multiply(const Source<T>& source, std::int64_t rows, const T* packed, const T* bias,
              const Size& size, std::int64_t strip, T* y) {
    const auto column = strip * kColumns;
    if (size.columns(strip) == kColumns)
        multiply_strip<T, 4>(source, rows, packed, bias + column, size, y + column);
    else
        multiply_strip<T, 2>(source, rows, packed, bias + column, size, y + column);
}

#else

template <class T>
void pack(const T*, const Size&, std::int64_t, T*) {}

template <class T>
void multiply(const Source<T>&, std::int64_t, const T*, const T*, const Size&, std::int64_t, T*) {}

#endif

template void pack(const float*, const Size&, std::int64_t, float*);
template void pack(const Half*, const Size&, std::int64_t, Half*);
template void multiply(const Source<float>&, std::int64_t, const float*, const float*, const Size&,
                       std::int64_t, float*);
template void multiply(const Source<Half>&, std::int64_t, const Half*, const Half*, const Size&,
                       std::int64_t, Half*);

}  // namespace generator::gathering
