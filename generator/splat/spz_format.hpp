// The payload of an SPZ file, which all versions share but for a few widths. Private to splat/.
//
// clang-format off
//   byte  what
//      0  u32 magic "NGSP", u32 version, u32 number of Gaussians N (little endian)
//     12  u8 degree of harmonics, u8 fractional bits of positions, u8 flags (1: antialiased, 2: extensions), u8 reserved
//     16  N of each, one array after the other:
//         positions   3 signed 24-bit fixed-point numbers (version 1: 3 half floats)
//         alphas      1 byte: 255 * sigmoid(logit)
//         colours     3 bytes: 38.25 * f_dc + 127.5
//         scales      3 bytes: 16 * (ln(scale) + 10)
//         rotations   3 bytes: 127.5 * (x, y, z) + 127.5 with w positive
//                     (from version 3 on 4 bytes: see unpack_smallest_three)
//         harmonics   coefficient by coefficient, r g b within: 1 byte: 128 * value + 128
// clang-format on
//
// Source: github.com/404-Repo/spz 0.1 and github.com/nianticlabs/spz.
#pragma once

#include "config/result.hpp"
#include "generator/splat/spz.hpp"

#include <array>
#include <optional>
#include <span>

namespace generator {

constexpr std::uint32_t kSpzMagic = 0x5053474e;
constexpr std::size_t kSpzHeaderBytes = 16;
constexpr std::uint8_t kSpzAntialiased = 1, kSpzExtended = 2;

struct SpzHeader {
    std::uint32_t magic = kSpzMagic;
    std::uint32_t version = 2;
    std::uint32_t count = 0;
    std::uint8_t degree = 0;
    std::uint8_t fraction_bits = 12;
    std::uint8_t flags = 0;
    std::uint8_t reserved = 0;  // version 4: number of streams
};

// bytes: at least kSpzHeaderBytes.
SpzHeader parse_spz_header(std::span<const std::uint8_t> bytes);

// The arrays in their order in the file.
enum class SpzArray { positions, alphas, colours, scales, rotations, harmonics };
constexpr int kSpzArrays = 6;
std::array<std::size_t, kSpzArrays> spz_array_bytes(const SpzHeader& header);

// Why nothing may be allocated for this header: magic, count, degree, size.
std::optional<config::Error> refuse_spz_header(const SpzHeader& header, int highest_degree,
                                               const SpzLimits& limits);

// arrays: of the sizes that spz_array_bytes gives.
using SpzArrays = std::array<std::span<const std::uint8_t>, kSpzArrays>;
// By threads_for(threads) threads, in memory that `splats` has already.
void unpack_spz(const SpzHeader& header, const SpzArrays& arrays, int threads,
                StoredSplats& splats);

}  // namespace generator
