// Rows named by a table times a matrix, on vectors of 16 numbers. gather_tile.cpp includes it once
// for each kind of registers, inside a namespace of its own; hence no guard, and no includes.

// Adds to `mine` what neighbours first..last of the source's results give; `there` of the results
// exist.
template <class T, int kVectors>
MINER_LANES_INLINE void add_neighbours(const Source<T> source, std::int64_t there, const T* packed,
                                       const Size& size, std::int64_t first, std::int64_t last,
                                       Floats (&mine)[kRows][kVectors]) {
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
}

template <class T, int kVectors>
MINER_LANES_INLINE void finish_row(const Floats (&sums)[kVectors], Finish finish, T* y) {
    for (int c = 0; c < kVectors; ++c)
        Products<T>::store(y + c * 16, finish == Finish::gelu ? gelu_tanh(sums[c]) : sums[c]);
}

// All neighbours at once: their weights stay in the cache.
template <class T, int kVectors>
MINER_LANES void multiply_at_once(const Source<T>& source, std::int64_t rows, const T* packed,
                                  const T* bias, const Size& size, Finish finish, T* y) {
    Floats start[kVectors];
    for (int c = 0; c < kVectors; ++c) start[c] = Products<T>::widen(bias + c * 16);
    for (std::int64_t first = 0; first < rows; first += kRows) {
        Floats mine[kRows][kVectors];
        for (int r = 0; r < kRows; ++r)
            for (int c = 0; c < kVectors; ++c) mine[r][c] = start[c];
        // What is written is on its way while products are formed.
        for (std::int64_t r = first; r < std::min(first + kRows, rows); ++r)
            for (std::size_t byte = 0; byte < kVectors * 16 * sizeof(T); byte += 64)
                __builtin_prefetch(reinterpret_cast<const char*>(y + r * size.out) + byte, 1);
        add_neighbours<T, kVectors>(source.from(first, size), rows - first, packed, size, 0,
                                    size.fan, mine);
        for (int r = 0; r < kRows; ++r)
            if (first + r < rows) finish_row(mine[r], finish, y + (first + r) * size.out);
    }
}

// `together` neighbours at a time, for all rows.
template <class T, int kVectors>
MINER_LANES void multiply_in_parts(const Source<T>& source, std::int64_t rows, const T* packed,
                                   const T* bias, const Size& size, std::int64_t together,
                                   Finish finish, T* y) {
    constexpr std::int64_t kWidth = kVectors * 16;
    alignas(64) float sums[kRowsAtOnce * kWidth];
    for (int c = 0; c < kVectors; ++c) {
        const auto start = Products<T>::widen(bias + c * 16);
        for (std::int64_t r = 0; r < kRowsAtOnce; ++r) store(sums + r * kWidth + c * 16, start);
    }
    for (std::int64_t k = 0; k < size.fan; k += together) {
        for (std::int64_t first = 0; first < rows; first += kRows) {
            float* const part = sums + first * kWidth;
            Floats mine[kRows][kVectors];
            for (int r = 0; r < kRows; ++r)
                for (int c = 0; c < kVectors; ++c)
                    mine[r][c] = load(part + (r * kVectors + c) * 16);
            add_neighbours<T, kVectors>(source.from(first, size), rows - first, packed, size, k,
                                        std::min(k + together, size.fan), mine);
            for (int r = 0; r < kRows; ++r)
                for (int c = 0; c < kVectors; ++c)
                    store(part + (r * kVectors + c) * 16, mine[r][c]);
        }
    }
    for (std::int64_t r = 0; r < rows; ++r) {
        Floats sum[kVectors];
        for (int c = 0; c < kVectors; ++c) sum[c] = load(sums + r * kWidth + c * 16);
        finish_row(sum, finish, y + r * size.out);
    }
}

template <class T, int kVectors>
MINER_LANES void multiply_strip(const Source<T>& source, std::int64_t rows, const T* packed,
                                const T* bias, const Size& size, Finish finish, T* y) {
    const auto bytes = size.in * kVectors * 16 * std::int64_t(sizeof(T));
    const auto together = std::max<std::int64_t>(kWeightBytes / bytes, 1);
    if (together >= size.fan)
        multiply_at_once<T, kVectors>(source, rows, packed, bias, size, finish, y);
    else
        multiply_in_parts<T, kVectors>(source, rows, packed, bias, size, together, finish, y);
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
