// Rows named by a table times a matrix, on vectors of 16 numbers. gather_tile.cpp includes it once
// for each kind of registers, inside a namespace of its own; hence no guard, and no includes.

// Adds what neighbours first..last of the source's results give to sums [kRows, 16 * kVectors];
// `there` of the results exist.
template <class T, int kVectors>
MINER_LANES_INLINE void add_neighbours(const Source<T> source, std::int64_t there, const T* packed,
                                       const Size& size, std::int64_t first, std::int64_t last,
                                       float* sums) {
    Floats mine[kRows][kVectors];
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kVectors; ++c) mine[r][c] = load(sums + (r * kVectors + c) * 16);
    for (auto k = first; k < last; ++k) {
        const T* rows[kRows];
        bool any = false;
        for (int r = 0; r < kRows; ++r) {
            const auto row = r >= there ? source.absent : source.row(r * size.fan + k);
            rows[r] = row == source.absent ? source.zeros : source.x + row * size.in;
            any = any || row != source.absent;
        }
        if (any) {
            add_products<T, kVectors>(rows, packed + k * size.in * kVectors * 16,
                                      kVectors * 16 * Products<T>::kTogether, size.in, mine);
        }
    }
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kVectors; ++c) store(sums + (r * kVectors + c) * 16, mine[r][c]);
}

template <class T, int kVectors>
MINER_LANES void multiply_strip(const Source<T>& source, std::int64_t rows, const T* packed,
                                const T* bias, const Size& size, Finish finish, T* y) {
    constexpr std::int64_t kWidth = kVectors * 16;
    alignas(64) float sums[kRowsAtOnce * kWidth];
    for (int c = 0; c < kVectors; ++c) {
        const auto start = Products<T>::widen(bias + c * 16);
        for (std::int64_t r = 0; r < kRowsAtOnce; ++r) store(sums + r * kWidth + c * 16, start);
    }
    const auto bytes = size.in * kWidth * std::int64_t(sizeof(T));
    const auto together = std::max<std::int64_t>(kWeightBytes / bytes, 1);
    for (std::int64_t k = 0; k < size.fan; k += together) {
        for (std::int64_t r = 0; r < rows; r += kRows) {
            add_neighbours<T, kVectors>(source.from(r, size), rows - r, packed, size, k,
                                        std::min(k + together, size.fan), sums + r * kWidth);
        }
    }
    for (std::int64_t r = 0; r < rows; ++r) {
        for (int c = 0; c < kVectors; ++c) {
            const auto sum = load(sums + r * kWidth + c * 16);
            Products<T>::store(y + r * size.out + c * 16,
                               finish == Finish::gelu ? gelu_tanh(sum) : sum);
        }
    }
}

// The strip's columns; see gather_tile.hpp.
template <class T>
MINER_LANES void multiply_columns(const Source<T>& source, std::int64_t rows, const T* packed,
                                  const T* bias, const Size& size, std::int64_t columns,
                                  Finish finish, T* y) {
    if (columns == kColumns)
        multiply_strip<T, 4>(source, rows, packed, bias, size, finish, y);
    else
        multiply_strip<T, 2>(source, rows, packed, bias, size, finish, y);
}
