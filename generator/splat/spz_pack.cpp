#include "generator/splat/spz_pack.hpp"

#include "generator/avx2.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace generator {
namespace {

#define MINER_INLINE [[gnu::always_inline]] inline

constexpr std::size_t kAtOnce = 512;  // numbers: all that a loop needs stays in the first cache

// Of what is computed fast, in bytes: thirty times what both ways' rounding comes to.
constexpr float kDoubt = 1e-3F;

MINER_INLINE bool is_doubtful(float value) {
    const float away = value - (float(int(value)) + 0.5F);
    return std::abs(away) <= kDoubt;
}

// e^-x to 3e-7 of itself; beyond 2^126 and below its inverse these.
MINER_INLINE float exp_of_minus(float x) {
    constexpr float kMagic = 12582912.F;  // 1.5 * 2^23: adding it rounds to whole numbers
    float y = x * -1.44269504F;
    y = y > -126.F ? y : -126.F;
    y = y < 126.F ? y : 126.F;
    const float shifted = y + kMagic;
    const float f = y - (shifted - kMagic);
    float p = 1.5403530e-4F;
    p = p * f + 1.3333558e-3F;
    p = p * f + 9.6181291e-3F;
    p = p * f + 5.5504109e-2F;
    p = p * f + 2.4022651e-1F;
    p = p * f + 6.9314718e-1F;
    p = p * f + 1.F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) +
                                (std::bit_cast<std::uint32_t>(shifted) << 23));
}

std::uint8_t alpha_of(float logit) { return to_byte(1.F / (1.F + std::exp(-logit)) * 255.F); }

struct Positions {
    // Rounded half away from zero; 0x80000000, of which the low 24 bits are 0, where int has no
    // such value.
    MINER_INLINE static std::int32_t to_fixed(float value) {
        constexpr float kBeyond = 2147483648.F;
        const bool fits = value >= -kBeyond && value < kBeyond;
        const float inside = fits ? value : -kBeyond;
        const std::int32_t whole = std::int32_t(inside);
        const float rest = inside - float(whole);
        return whole + (rest >= 0.5F) - (rest <= -0.5F);
    }

    MINER_INLINE static void run(const float* from, std::size_t count, float steps,
                                 std::uint8_t* to) {
        static_assert(std::endian::native == std::endian::little);
        std::int32_t fixed[kAtOnce];
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            for (std::size_t i = 0; i < some; ++i) fixed[i] = to_fixed(from[begin + i] * steps);
            // Each takes four bytes, of which the next one overwrites the last; but for the last.
            for (std::size_t i = 0; i + 1 < some; ++i, to += 3) std::memcpy(to, &fixed[i], 4);
            std::memcpy(to, &fixed[some - 1], 3);
            to += 3;
        }
    }
};

struct Logits {
    MINER_INLINE static void run(const float* from, std::size_t count, AlphaRange range,
                                 std::uint8_t* to) {
        std::uint8_t doubtful[kAtOnce];
        std::array<float, 2>
            known{};  // of many, the same at either end: where opacities are capped
        std::array<std::uint8_t, 2> is{alpha_of(0), alpha_of(0)};
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const float* logits = from + begin;
            std::uint8_t* bytes = to + begin;
            for (std::size_t i = 0; i < some; ++i) {
                const float value = 255.F / (1.F + exp_of_minus(logits[i]));
                bytes[i] = to_byte(value);
                // The limits of the exponential have swallowed a NaN.
                doubtful[i] = is_doubtful(value) || logits[i] != logits[i];
            }
            for (std::size_t i = 0; i < some; ++i) {
                if (!doubtful[i]) continue;
                const auto side = std::size_t(logits[i] > 0);
                if (!(logits[i] == known[side])) {
                    known[side] = logits[i];
                    is[side] = alpha_of(logits[i]);
                }
                bytes[i] = is[side];
            }
            for (std::size_t i = 0; i < some; ++i)
                bytes[i] = std::clamp(bytes[i], range.lowest, range.highest);
        }
    }
};

struct Values {
    MINER_INLINE static void run(const float* from, std::size_t count, Line line,
                                 std::uint8_t* __restrict to) {
        for (std::size_t i = 0; i < count; ++i)
            to[i] = to_byte((from[i] + line.add) * line.factor + line.shift);
    }
};

struct Rotations {
    MINER_INLINE static void run(const float* __restrict from, std::size_t count,
                                 std::uint8_t* __restrict to) {
        for (std::size_t i = 0; i < count; ++i) {
            const float w = from[4 * i], x = from[4 * i + 1], y = from[4 * i + 2],
                        z = from[4 * i + 3];
            const float length = std::sqrt(x * x + y * y + z * z + w * w);
            const float sign = w / length < 0.F ? -127.5F : 127.5F;
            to[3 * i] = to_byte(x / length * sign + 127.5F);
            to[3 * i + 1] = to_byte(y / length * sign + 127.5F);
            to[3 * i + 2] = to_byte(z / length * sign + 127.5F);
        }
    }
};

}  // namespace

void pack_positions(std::span<const float> coordinates, float steps, std::uint8_t* to) {
    run_fastest<Positions>(coordinates.data(), coordinates.size(), steps, to);
}

void pack_logits(std::span<const float> logits, AlphaRange range, std::uint8_t* to) {
    run_fastest<Logits>(logits.data(), logits.size(), range, to);
}

void pack_values(std::span<const float> values, Line line, std::uint8_t* to) {
    run_fastest<Values>(values.data(), values.size(), line, to);
}

void pack_rotations(std::span<const float> wxyz, std::uint8_t* to) {
    run_fastest<Rotations>(wxyz.data(), wxyz.size() / 4, to);
}

}  // namespace generator
