#include "generator/kernels/gelu_tile.hpp"

#include "generator/kernels/wide.hpp"

namespace generator::gelu {

using namespace wide;

#if defined(__x86_64__)

namespace {

// 0.5 x (1 + tanh(u)) = x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
template <class T>
MINER_WIDE void apply_wide(T* values, std::int64_t count) {
    constexpr float kLinear = -2 * 0.79788456F * 1.44269504F, kCubic = kLinear * 0.044715F;
    const auto one = _mm512_set1_ps(1);
    for (std::int64_t i = 0; i < count; i += 16) {
        const auto x = Products<T>::widen(values + i);
        const auto slope =
            _mm512_fmadd_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(kCubic), _mm512_set1_ps(kLinear));
        // 2^150 is infinite already; an infinite exponent would be none.
        const auto exponent = _mm512_max_ps(
            _mm512_min_ps(_mm512_mul_ps(x, slope), _mm512_set1_ps(150)), _mm512_set1_ps(-150));
        const auto power = power_of_two(exponent);
        Products<T>::store(values + i, _mm512_div_ps(x, _mm512_add_ps(one, power)));
    }
}

}  // namespace

template <class T>
void apply(T* values, std::int64_t count) {
    apply_wide(values, count);
}

#else

template <class T>
void apply(T*, std::int64_t) {}

#endif

template void apply(float*, std::int64_t);
template void apply(Half*, std::int64_t);

}  // namespace generator::gelu
