// One text for processors with AVX2 and for any other. No FMA: what is defined to the bit stays so
// where the file is compiled with -ffp-contract=off.
#pragma once

#include <atomic>

namespace generator {

// For tests: as on a processor without AVX2.
inline std::atomic<bool> avx2_is_hidden = false;

#if defined(__x86_64__)
inline bool has_avx2() {
    return __builtin_cpu_supports("avx2") && !avx2_is_hidden.load(std::memory_order_relaxed);
}

template <class Text, class... Args>
[[gnu::target("avx2")]] auto run_with_avx2(Args... args) {
    return Text::run(args...);
}
#endif

// Text::run(args...), compiled for AVX2 where there is such. `run` and all that it calls in its
// loops must be [[gnu::always_inline]].
template <class Text, class... Args>
auto run_fastest(Args... args) {
#if defined(__x86_64__)
    if (has_avx2()) return run_with_avx2<Text>(args...);
#endif
    return Text::run(args...);
}

}  // namespace generator
