// Formulas on vectors of 16 numbers; wide.hpp and narrow.hpp include it, each inside its namespace;
// hence no guard, and no includes.

// Coefficients of 2^f on [-0.5, 0.5], the highest first: of least relative error, 2^0 = 1 kept.
template <class T>
struct PowerSeries;

template <>
struct PowerSeries<float> {  // to 2e-7 of itself
    static constexpr float kTerms[] = {1.3264727e-3F, 9.671513e-3F, 5.5507336e-2F,
                                       0.24022242F,   0.693147F,    1};
};

template <>
struct PowerSeries<Half> {  // to 1e-4, a twentieth of what rounding to bf16 takes
    static constexpr float kTerms[] = {5.5008929e-2F, 0.24221095F, 0.6932829F, 1};
};

// 2^x, as exact as T needs it.
template <class T = float>
MINER_LANES_INLINE Floats power_of_two(Floats x) {
    const auto whole = round(x), f = sub(x, whole);
    constexpr auto& kTerms = PowerSeries<T>::kTerms;
    auto p = all(kTerms[0]);
    for (std::size_t i = 1; i < std::size(kTerms); ++i) p = fma(p, f, all(kTerms[i]));
    return scale_by_power(p, whole);
}

// x / (1 + 2^exponent)
MINER_LANES_INLINE Floats gated(Floats x, Floats exponent) {
    // 2^150 is infinite already; an infinite exponent would be none.
    const auto power = power_of_two(max(min(exponent, all(150)), all(-150)));
    return div(x, add(all(1), power));
}

// 0.5 x (1 + tanh(u)) = x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
MINER_LANES_INLINE Floats gelu_tanh(Floats x) {
    constexpr float kLinear = -2 * 0.79788456F * 1.44269504F, kCubic = kLinear * 0.044715F;
    return gated(x, mul(x, fma(mul(x, x), all(kCubic), all(kLinear))));
}

// x / (1 + e^-x)
MINER_LANES_INLINE Floats silu(Floats x) { return gated(x, mul(x, all(-1.44269504F))); }
