#include "generator/splat/spz_unpack.hpp"

#include "generator/avx2.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace generator {
namespace {

#define MINER_INLINE [[gnu::always_inline]] inline

constexpr std::size_t kAtOnce = 512;

struct Positions {
    MINER_INLINE static void run(const std::uint8_t* from, std::size_t count, float step,
                                 float* __restrict to) {
        static_assert(std::endian::native == std::endian::little);
        std::int32_t fixed[kAtOnce];
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const std::uint8_t* at = from + 3 * begin;
            // Each with the first byte of the next one, but for the last.
            for (std::size_t i = 0; i + 1 < some; ++i) std::memcpy(&fixed[i], at + 3 * i, 4);
            fixed[some - 1] = 0;
            std::memcpy(&fixed[some - 1], at + 3 * (some - 1), 3);
            for (std::size_t i = 0; i < some; ++i) {
                const std::uint32_t high = std::uint32_t(fixed[i]) << 8;
                to[begin + i] = float(std::int32_t(high) >> 8) * step;
            }
        }
    }
};

struct Colours {
    MINER_INLINE static void run(const std::uint8_t* __restrict from, std::size_t count,
                                 float* __restrict to) {
        for (std::size_t i = 0; i < count; ++i) to[i] = (float(from[i]) / 255.F - 0.5F) / 0.15F;
    }
};

struct Scales {
    MINER_INLINE static void run(const std::uint8_t* __restrict from, std::size_t count,
                                 float* __restrict to) {
        for (std::size_t i = 0; i < count; ++i) to[i] = float(from[i]) / 16.F - 10.F;
    }
};

struct FirstThree {
    MINER_INLINE static void run(const std::uint8_t* __restrict from, std::size_t count,
                                 float* __restrict to) {
        float numbers[3 * kAtOnce];
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const std::uint8_t* at = from + 3 * begin;
            float* out = to + 4 * begin;
            for (std::size_t i = 0; i < 3 * some; ++i)
                numbers[i] = float(at[i]) * (1.F / 127.5F) - 1.F;
            for (std::size_t i = 0; i < some; ++i) {
                const float x = numbers[3 * i], y = numbers[3 * i + 1], z = numbers[3 * i + 2];
                const float rest = 1.F - (x * x + y * y + z * z);
                out[4 * i] = std::sqrt(rest > 0.F ? rest : 0.F);
                out[4 * i + 1] = x;
                out[4 * i + 2] = y;
                out[4 * i + 3] = z;
            }
        }
    }
};

}  // namespace

void unpack_positions(std::span<const std::uint8_t> bytes, float step, float* to) {
    run_fastest<Positions>(bytes.data(), bytes.size() / 3, step, to);
}

void unpack_colours(std::span<const std::uint8_t> bytes, float* to) {
    run_fastest<Colours>(bytes.data(), bytes.size(), to);
}

void unpack_scales(std::span<const std::uint8_t> bytes, float* to) {
    run_fastest<Scales>(bytes.data(), bytes.size(), to);
}

void unpack_first_three(std::span<const std::uint8_t> bytes, float* wxyz) {
    run_fastest<FirstThree>(bytes.data(), bytes.size() / 3, wxyz);
}

}  // namespace generator
