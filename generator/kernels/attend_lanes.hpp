// Attention of one head on vectors of 16 numbers. attend_tile.cpp includes it once for each kind of
// registers, inside a namespace of its own; hence no guard, and no includes.

// Scores of kRows queries with kColumns * 16 keys of a panel, to scores [kRows, kBlock]; the first
// `there` of these keys count.
template <class T, int kColumns>
MINER_LANES_INLINE void score(const T* queries, const T* panel, std::int64_t width,
                              std::int64_t there, float* scores, Floats (&most)[kRows]) {
    Floats sums[kRows][kColumns] = {};
    const T* rows[kRows];
    for (int r = 0; r < kRows; ++r) rows[r] = queries + r * width;
    add_products<T, kColumns>(rows, panel, kPanel * Products<T>::kTogether, width, sums);
    if (there < kColumns * 16) {
        for (int c = 0; c < kColumns; ++c) {
            const auto left = std::clamp<std::int64_t>(there - c * 16, 0, 16);
            for (int r = 0; r < kRows; ++r) sums[r][c] = keep(sums[r][c], left, kLowest);
        }
    }
    for (int r = 0; r < kRows; ++r) {
        for (int c = 0; c < kColumns; ++c) {
            store(scores + r * kBlock + c * 16, sums[r][c]);
            most[r] = max(most[r], sums[r][c]);
        }
    }
}

// out [kRows, width] = out * factor + weights [kRows, kBlock] times values, kColumns registers
// wide.
template <class T, int kColumns>
MINER_LANES_INLINE void weigh(const T* weights, const T* values, std::int64_t width,
                              std::int64_t keys, const float* factor, float* out) {
    Floats sums[kRows][kColumns];
    for (int r = 0; r < kRows; ++r) {
        for (int c = 0; c < kColumns; ++c) {
            sums[r][c] = mul(load(out + r * width + c * 16), all(factor[r]));
        }
    }
    const T* rows[kRows];
    for (int r = 0; r < kRows; ++r) rows[r] = weights + r * kBlock;
    add_products<T, kColumns>(rows, values, width * Products<T>::kTogether, keys, sums);
    for (int r = 0; r < kRows; ++r)
        for (int c = 0; c < kColumns; ++c) store(out + r * width + c * 16, sums[r][c]);
}

// One block of up to kBlock keys for kRows queries.
template <class T>
MINER_LANES_INLINE void take_block(const T* queries, Packed<T> block, std::int64_t width,
                                   float scale, State& state, float* out) {
    alignas(64) float scores[kRows * kBlock];
    alignas(64) T weights[kRows * kBlock];
    Floats most[kRows];
    for (auto& one : most) one = all(kLowest);
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
        const float best = std::max(state.most[r], most_of(most[r]));
        const auto scales = all(scale), shift = all(-best * scale);
        auto sum = all(0);
        for (std::int64_t i = r * kBlock; i < r * kBlock + done; i += 16) {
            const auto power = power_of_two<T>(fma(load(scores + i), scales, shift));
            Products<T>::store(weights + i, power);
            sum = add(sum, power);
        }
        factor[r] = first_of(power_of_two(all((state.most[r] - best) * scale)));
        state.sum[r] = state.sum[r] * factor[r] + sum_of(sum);
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
MINER_LANES void attend(Rows<T> queries, std::int64_t count, Packed<T> packed, std::int64_t width,
                        float scale, T* out, std::int64_t out_stride) {
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
        const auto share = all(1 / states[i / kRows].sum[i % kRows]);
        for (std::int64_t d = 0; d < width; d += 16) {
            Products<T>::store(out + i * out_stride + d, mul(load(sums + i * width + d), share));
        }
    }
}
