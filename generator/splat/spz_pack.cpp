#include "generator/splat/spz_pack.hpp"

#include "generator/avx2.hpp"
#include "generator/splat/activation.hpp"

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

// ln(x) of what is positive and normal, to 2e-7; x = 2^e m with m between sqrt(1/2) and sqrt(2),
// and ln(m) = 2 artanh((m - 1) / (m + 1)).
MINER_INLINE float log_of(float x) {
    constexpr std::uint32_t kRoot = 0x3F3504F3;  // sqrt(1/2)
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x) - kRoot;
    const auto e = float(std::int32_t(bits) >> 23);
    const auto m = std::bit_cast<float>((bits & 0x007FFFFFU) + kRoot);
    const float s = (m - 1.F) / (m + 1.F), s2 = s * s;
    const float series = 2.F + s2 * (2.F / 3 + s2 * (2.F / 5 + s2 * (2.F / 7 + s2 * (2.F / 9))));
    return e * 0.69314718F + s * series;
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

struct Opacities {
    MINER_INLINE static void run(const float* from, std::size_t count, AlphaRange range,
                                 std::uint8_t* to) {
        std::uint8_t doubtful[kAtOnce];
        const std::uint8_t lowest = alpha_of(stored_opacity(kLowestOpacity));
        const std::uint8_t highest = alpha_of(stored_opacity(kHighestOpacity));
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const float* opacities = from + begin;
            std::uint8_t* bytes = to + begin;
            for (std::size_t i = 0; i < some; ++i) {
                const float value = opacities[i] * 255.F;
                bytes[i] = to_byte(value);
                doubtful[i] = is_doubtful(value);
            }
            for (std::size_t i = 0; i < some; ++i) {
                if (opacities[i] <= kLowestOpacity)
                    bytes[i] = lowest;
                else if (opacities[i] >= kHighestOpacity)
                    bytes[i] = highest;
                else if (doubtful[i])
                    bytes[i] = alpha_of(stored_opacity(opacities[i]));
            }
            for (std::size_t i = 0; i < some; ++i)
                bytes[i] = std::clamp(bytes[i], range.lowest, range.highest);
        }
    }
};

struct Scales {
    MINER_INLINE static void run(const float* from, std::size_t count, double zoom,
                                 std::uint8_t* to) {
        constexpr float kSmallest = 1e-37F;
        std::uint8_t doubtful[kAtOnce];
        const auto factor = float(zoom);
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const float* scales = from + begin;
            std::uint8_t* bytes = to + begin;
            for (std::size_t i = 0; i < some; ++i) {
                const float scale = scales[i] * factor;
                const float value = (log_of(scale) + kScaleLine.add) * kScaleLine.factor;
                bytes[i] = to_byte(value);
                doubtful[i] = is_doubtful(value) || !(scale > kSmallest);
            }
            for (std::size_t i = 0; i < some; ++i) {
                if (!doubtful[i]) continue;
                const float stored = stored_scale(float(scales[i] * zoom));
                bytes[i] =
                    to_byte((stored + kScaleLine.add) * kScaleLine.factor + kScaleLine.shift);
            }
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

// Rotations, number by number.
struct Quaternions {
    float w[kAtOnce], x[kAtOnce], y[kAtOnce], z[kAtOnce];

    // The bytes of x, y and z, each as far as it is computed.
    MINER_INLINE void write(std::size_t count, std::uint8_t* __restrict to) const {
        for (std::size_t i = 0; i < count; ++i) {
            to[3 * i] = to_byte(x[i]);
            to[3 * i + 1] = to_byte(y[i]);
            to[3 * i + 2] = to_byte(z[i]);
        }
    }
};

struct Rotations {
    MINER_INLINE static void run(const float* __restrict from, std::size_t count,
                                 std::uint8_t* __restrict to) {
        Quaternions q;
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const float* p = from + 4 * begin;
            for (std::size_t i = 0; i < some; ++i) {
                const float w = p[4 * i], x = p[4 * i + 1], y = p[4 * i + 2], z = p[4 * i + 3];
                const float length = std::sqrt(x * x + y * y + z * z + w * w);
                const float sign = w / length < 0.F ? -127.5F : 127.5F;
                q.x[i] = x / length * sign + 127.5F;
                q.y[i] = y / length * sign + 127.5F;
                q.z[i] = z / length * sign + 127.5F;
            }
            q.write(some, to + 3 * begin);
        }
    }
};

// One of them, for what is in doubt.
void pack_rotation(const std::array<float, 4>& wxyz, std::uint8_t* to) {
    Rotations::run(wxyz.data(), 1, to);
}

struct TurnedRotations {
    MINER_INLINE static void run(const float* __restrict from, std::size_t count, float side,
                                 std::uint8_t* __restrict to) {
        constexpr float kUnsure = 1e-30F;  // of squares: what might overflow or vanish
        Quaternions q;
        std::int32_t doubtful[kAtOnce];
        for (std::size_t begin = 0; begin < count; begin += kAtOnce) {
            const std::size_t some = std::min(kAtOnce, count - begin);
            const float* p = from + 4 * begin;
            std::uint8_t* bytes = to + 3 * begin;
            for (std::size_t i = 0; i < some; ++i) {
                q.w[i] = p[4 * i] - side * p[4 * i + 1];
                q.x[i] = p[4 * i + 1] + side * p[4 * i];
                q.y[i] = p[4 * i + 2] - side * p[4 * i + 3];
                q.z[i] = p[4 * i + 3] + side * p[4 * i + 2];
            }
            for (std::size_t i = 0; i < some; ++i) {
                const float w = q.w[i], x = q.x[i], y = q.y[i], z = q.z[i];
                const float squares = x * x + y * y + z * z + w * w;
                const float size = 127.5F / std::sqrt(squares);
                const float factor = w < 0.F ? -size : size;
                q.x[i] = x * factor + 127.5F;
                q.y[i] = y * factor + 127.5F;
                q.z[i] = z * factor + 127.5F;
                const bool sure =
                    (squares > kUnsure) & (squares < 1 / kUnsure) & (std::abs(w) * size > kDoubt);
                doubtful[i] = int(!sure) | int(is_doubtful(q.x[i])) | int(is_doubtful(q.y[i])) |
                              int(is_doubtful(q.z[i]));
            }
            q.write(some, bytes);
            for (std::size_t i = 0; i < some; ++i) {
                if (!doubtful[i]) continue;
                const auto turned =
                    turned_rotation({p[4 * i], p[4 * i + 1], p[4 * i + 2], p[4 * i + 3]}, side);
                pack_rotation(turned, bytes + 3 * i);
            }
        }
    }
};

struct Placed {
    MINER_INLINE static void run(const float* __restrict from, std::size_t count,
                                 const Placing* placing, float* __restrict to) {
        constexpr std::size_t kTogether = 96;  // Gaussians, so that loops over numbers vectorise
        const float side = placing->side;
        const double zoom = placing->zoom;
        double mean[3 * kTogether];
        for (std::size_t i = 0; i < 3 * kTogether; ++i) mean[i] = placing->mean[i % 3];
        for (std::size_t begin = 0; begin < count; begin += kTogether) {
            const std::size_t some = std::min(kTogether, count - begin);
            const float* p = from + 3 * begin;
            float* out = to + 3 * begin;
            for (std::size_t i = 0; i < some; ++i) {
                out[3 * i] = p[3 * i];
                out[3 * i + 1] = -side * p[3 * i + 2];
                out[3 * i + 2] = side * p[3 * i + 1];
            }
            for (std::size_t i = 0; i < 3 * some; ++i)
                out[i] = float((double(out[i]) - mean[i]) * zoom);
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

void pack_smallest_three(std::span<const float> wxyz, std::uint8_t* to) {
    constexpr std::uint32_t kMost = 511, kW = 3;  // of a magnitude; the place of w
    constexpr float kUnit = 0.70710678118654752440F;
    for (std::size_t i = 0; i + 4 <= wxyz.size(); i += 4, to += 4) {
        const std::array<float, 4> q{wxyz[i + 1], wxyz[i + 2], wxyz[i + 3], wxyz[i]};
        const float length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        std::uint32_t bits = kW << 30;
        if (length > 0 && std::isfinite(length)) {
            const auto* const largest = std::max_element(
                q.begin(), q.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
            bits = std::uint32_t(largest - q.begin());
            for (const float& part : q) {
                if (&part == largest) continue;
                // -q is the same rotation: the largest is positive, and need not be written.
                const bool negative = (part < 0) != (*largest < 0);
                const float share = std::abs(part) / length / kUnit;
                const auto magnitude = std::min(kMost, std::uint32_t(share * float(kMost) + 0.5F));
                bits = bits << 10 | std::uint32_t(negative) << 9 | magnitude;
            }
        }
        for (int byte = 0; byte < 4; ++byte) to[byte] = std::uint8_t(bits >> (8 * byte));
    }
}

void pack_opacities(std::span<const float> opacities, AlphaRange range, std::uint8_t* to) {
    run_fastest<Opacities>(opacities.data(), opacities.size(), range, to);
}

void pack_scales(std::span<const float> scales, double zoom, std::uint8_t* to) {
    run_fastest<Scales>(scales.data(), scales.size(), zoom, to);
}

void pack_turned_rotations(std::span<const float> wxyz, float side, std::uint8_t* to) {
    run_fastest<TurnedRotations>(wxyz.data(), wxyz.size() / 4, side, to);
}

void place_positions(std::span<const float> coordinates, const Placing& placing, float* to) {
    run_fastest<Placed>(coordinates.data(), coordinates.size() / 3, &placing, to);
}

}  // namespace generator
