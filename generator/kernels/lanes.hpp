// Which vector registers of this processor the kernels take. A kernel's text stands in a
// *_lanes.hpp and is compiled once for AVX-512 (wide.hpp) and once for AVX2 (narrow.hpp), on
// vectors of 16 numbers both; what it needs before it may be called is asked here. Elsewhere than
// on x86 there is nothing but these, which say no.
#pragma once

#include <atomic>
#include <cstdint>

namespace generator::lanes {

using Half = std::uint16_t;  // a bf16's bits

enum class Registers { none, avx2, avx512, avx512_bf16 };

// For tests and benchmarks: as on a processor that has no more than this.
inline std::atomic<Registers> most = Registers::avx512_bf16;

inline Registers registers() {
#if defined(__x86_64__)
    static const auto there = [] {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
            return __builtin_cpu_supports("avx512bf16") ? Registers::avx512_bf16
                                                        : Registers::avx512;
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Registers::avx2
                                                                               : Registers::none;
    }();
    const auto allowed = most.load(std::memory_order_relaxed);
    return there < allowed ? there : allowed;
#else
    return Registers::none;
#endif
}

inline bool has_fp32() { return registers() >= Registers::avx2; }
inline bool has_bf16() { return registers() >= Registers::avx512_bf16; }
inline bool are_wide() { return registers() >= Registers::avx512; }

inline constexpr int kRows = 6;  // of a product at once: 6 x 4 registers hold their sums

}  // namespace generator::lanes
