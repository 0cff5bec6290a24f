// The bytes of an SPZ's arrays (spz_format.hpp) to numbers, many at a time. Private to splat/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace generator {

// 24 bits each, with sign, times `step`.
void unpack_positions(std::span<const std::uint8_t> bytes, float step, float* to);

// (b / 255 - 0.5) / 0.15
void unpack_colours(std::span<const std::uint8_t> bytes, float* to);

// b / 16 - 10
void unpack_scales(std::span<const std::uint8_t> bytes, float* to);

// Three bytes: x, y, z; w, which comes first, is positive and what is left of the unit length.
void unpack_first_three(std::span<const std::uint8_t> bytes, float* wxyz);

}  // namespace generator
