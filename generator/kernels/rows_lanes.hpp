// What is done row by row, on vectors of 16 numbers. rows_tile.cpp includes it once for each kind
// of registers, inside a namespace of its own; hence no guard, and no includes.

// x [width] += gate * y
template <class T>
MINER_LANES_INLINE void add_residual(T* x, const T* y, const T* gate, std::int64_t width) {
    using P = Products<T>;
    for (std::int64_t i = 0; i < width; i += 16) {
        const auto added = P::widen(y + i), before = P::widen(x + i);
        P::store(x + i, gate ? fma(P::widen(gate + i), added, before) : add(before, added));
    }
}

// Sum of what `of` makes of each vector of a row; two sums at a time, as each waits for itself.
template <class T, class Of>
MINER_LANES_INLINE float sum_over(const T* x, std::int64_t width, Of of) {
    auto even = all(0), odd = all(0);
    std::int64_t i = 0;
    for (; i + 32 <= width; i += 32) {
        even = of(even, Products<T>::widen(x + i));
        odd = of(odd, Products<T>::widen(x + i + 16));
    }
    if (i < width) even = of(even, Products<T>::widen(x + i));
    return sum_of(add(even, odd));
}

struct Plus {
    MINER_LANES_INLINE Floats operator()(Floats sum, Floats x) const { return add(sum, x); }
};

struct PlusSquare {
    Floats middle;
    MINER_LANES_INLINE Floats operator()(Floats sum, Floats x) const {
        const auto apart = sub(x, middle);
        return fma(apart, apart, sum);
    }
};

template <class T>
MINER_LANES_INLINE void norm_row(const T* x, const Norm<T>& how, T* into) {
    using P = Products<T>;
    const auto width = how.width;
    const float mean = sum_over(x, width, Plus{}) / float(width);
    const float variance = sum_over(x, width, PlusSquare{all(mean)}) / float(width);
    const auto factor = all(1 / std::sqrt(variance + how.eps)), middle = all(mean);
    for (std::int64_t i = 0; i < width; i += 16) {
        auto y = mul(sub(P::widen(x + i), middle), factor);
        if (how.scale) y = fma(y, P::widen(how.scale + i), P::widen(how.shift + i));
        P::store(into + i, how.silu ? silu(y) : y);
    }
}

template <class T>
MINER_LANES void norm(const T* x, std::int64_t rows, const Norm<T>& how, T* into) {
    for (std::int64_t r = 0; r < rows; ++r) norm_row(x + r * how.width, how, into + r * how.width);
}

template <class T>
MINER_LANES void add_and_norm(T* x, std::int64_t rows, const Addend<T>& addend, const Norm<T>& how,
                              T* into) {
    for (std::int64_t r = 0; r < rows; ++r) {
        T* const row = x + r * how.width;
        add_residual(row, addend.y + r * addend.stride, addend.gate, how.width);
        norm_row(row, how, into + r * how.width);
    }
}

template <class T>
MINER_LANES void norm_heads(T* x, std::int64_t heads, std::int64_t width, const float* gamma) {
    using P = Products<T>;
    for (std::int64_t h = 0; h < heads; ++h, x += width, gamma += width) {
        const float square = sum_over(x, width, PlusSquare{all(0)});
        const auto factor = all(1 / std::max(std::sqrt(square), 1e-12F));
        for (std::int64_t i = 0; i < width; i += 16)
            P::store(x + i, mul(mul(P::widen(x + i), factor), load(gamma + i)));
    }
}

template <class T>
MINER_LANES void sum_slices(const T* x, const std::int64_t* table, const Slices& slices,
                            const T* bias, std::int64_t rows, T* y) {
    using P = Products<T>;
    const auto [fan, absent, width] = slices;
    for (std::int64_t n = 0; n < rows; ++n, table += fan, y += width) {
        const T* there[kMostSlices];
        std::int64_t count = 0;
        for (std::int64_t k = 0; k < fan; ++k)
            if (table[k] != absent) there[count++] = x + (table[k] * fan + k) * width;
        for (std::int64_t i = 0; i < width; i += 16) {
            auto sum = P::widen(bias + i);
            for (std::int64_t k = 0; k < count; ++k) sum = add(sum, P::widen(there[k] + i));
            P::store(y + i, sum);
        }
    }
}
