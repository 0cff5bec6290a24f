// Runs of Gaussians to the bytes of an SPZ's arrays (spz_format.hpp). Private to splat/.
//
// Where a formula has a logarithm or an exponential, it is computed to a few parts in ten million
// first, many at a time; what then lies too near the middle between two bytes is computed once more
// as the formula says, with the C library's functions, so that every byte is the formula's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace generator {

// Rounded half away from zero and clamped to a byte; NaN is 0. Without a branch, so that loops over
// it vectorise.
[[gnu::always_inline]] inline std::uint8_t to_byte(float value) {
    value = value > 0.F ? value : 0.F;
    value = value < 255.F ? value : 255.F;
    const int whole = int(value);
    return std::uint8_t(whole + (value - float(whole) >= 0.5F));
}

// Coordinates, each times `steps` and rounded half away from zero, as 24 bits; what has no place in
// 32 bits is 0.
void pack_positions(std::span<const float> coordinates, float steps, std::uint8_t* to);

// 255 * sigmoid(logit), kept within these.
struct AlphaRange {
    std::uint8_t lowest, highest;
};
void pack_logits(std::span<const float> logits, AlphaRange range, std::uint8_t* to);

// (value + add) * factor + shift
struct Line {
    float add, factor, shift;
};
inline constexpr Line kColourLine{0.F, 0.15F * 255.F, 0.5F * 255.F};
inline constexpr Line kScaleLine{10.F, 16.F, 0.F};  // of ln(scale)
void pack_values(std::span<const float> values, Line line, std::uint8_t* to);

// Four numbers each, w first; three bytes each.
void pack_rotations(std::span<const float> wxyz, std::uint8_t* to);

// The same in four bytes each, as version 3 has them: the three smallest of the numbers (see
// unpack_smallest_three). What is no rotation is written as none at all, w = 1.
void pack_smallest_three(std::span<const float> wxyz, std::uint8_t* to);

// The same of what the model says, as export_splats() and then these would have it: 0..1, standard
// deviations before the zoom, rotations before the turn.
void pack_opacities(std::span<const float> opacities, AlphaRange range, std::uint8_t* to);
void pack_scales(std::span<const float> scales, double zoom, std::uint8_t* to);
void pack_turned_rotations(std::span<const float> wxyz, float side, std::uint8_t* to);

// Where export_splats() brings a position: turned, less the mean (of turned ones), times the zoom.
struct Placing {
    float side;
    double zoom;
    std::array<double, 3> mean;
};
void place_positions(std::span<const float> coordinates, const Placing& placing, float* to);

}  // namespace generator
