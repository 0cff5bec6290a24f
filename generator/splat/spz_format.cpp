#include "generator/splat/spz_format.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint32_t little(Bytes bytes, std::size_t at) {
    return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
           std::uint32_t(bytes[at + 3]) << 24;
}

float half_to_float(int bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float sign = bits & 0x8000 ? -1.F : 1.F;
    if (exponent == 31) {
        return mantissa ? std::numeric_limits<float>::quiet_NaN()
                        : sign * std::numeric_limits<float>::infinity();
    }
    if (exponent == 0) return sign * std::ldexp(float(mantissa), -24);
    return sign * std::ldexp(float(1024 + mantissa), exponent - 25);
}

void unpack_positions(const SpzHeader& header, Bytes from, StoredSplats& to) {
    if (header.version == 1) {
        for (auto& position : to.position) {
            for (auto& value : position) {
                value = half_to_float(from[0] | from[1] << 8);
                from = from.subspan(2);
            }
        }
        return;
    }
    // More than 31 bits mean nothing; x86-64, on which validators run, takes the shift modulo 32.
    const float step = float(1.0 / std::int32_t(1U << (header.fraction_bits & 31)));
    const std::uint8_t* at = from.data();
    for (auto& position : to.position) {
        for (auto& value : position) {
            const std::uint32_t high =
                std::uint32_t(at[0]) << 8 | at[1] << 16 | std::uint32_t(at[2]) << 24;
            value = float(std::int32_t(high) >> 8) * step;
            at += 3;
        }
    }
}

// Three bytes: x, y, z; w is positive and what is left of the unit length.
void unpack_first_three(Bytes from, StoredSplats& to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
        const float x = float(from[3 * i]) * (1.F / 127.5F) - 1.F;
        const float y = float(from[3 * i + 1]) * (1.F / 127.5F) - 1.F;
        const float z = float(from[3 * i + 2]) * (1.F / 127.5F) - 1.F;
        to.rotation[i] = {std::sqrt(std::max(0.F, 1.F - (x * x + y * y + z * z))), x, y, z};
    }
}

// Four bytes: the top two bits name the largest of x, y, z, w, which is positive and what is left
// of the unit length; the others follow in order, each a sign and nine bits of magnitude, 511 for
// sqrt(1/2).
void unpack_smallest_three(Bytes from, StoredSplats& to) {
    constexpr float kUnit = 0.70710678118654752440F;
    for (std::size_t i = 0; i < to.size(); ++i) {
        std::uint32_t bits = little(from, 4 * i);
        const int largest = int(bits >> 30);
        std::array<float, 4> xyzw{};
        float squares = 0;
        for (int c = 3; c >= 0; --c) {
            if (c == largest) continue;
            const float magnitude = kUnit * float(bits & 511) / 511.F;
            xyzw[c] = bits & 512 ? -magnitude : magnitude;
            squares += magnitude * magnitude;
            bits >>= 10;
        }
        xyzw[largest] = std::sqrt(std::max(0.F, 1.F - squares));
        to.rotation[i] = {xyzw[3], xyzw[0], xyzw[1], xyzw[2]};
    }
}

// From coefficient by coefficient to colour by colour.
void unpack_harmonics(Bytes from, StoredSplats& to) {
    const int per_gaussian = harmonics_per_gaussian(to.sh_degree), per_colour = per_gaussian / 3;
    for (std::size_t i = 0; i < to.size(); ++i) {
        for (int k = 0; k < per_gaussian; ++k) {
            to.harmonics[i * per_gaussian + k % 3 * per_colour + k / 3] =
                (float(from[i * per_gaussian + k]) - 128.F) / 128.F;
        }
    }
}

// What each byte stands for.
template <class Meaning>
std::array<float, 256> table(Meaning meaning) {
    std::array<float, 256> out;
    for (int b = 0; b < 256; ++b) out[b] = meaning(float(b));
    return out;
}

config::Error bad(const std::string& what) {
    return config::fail(Errc::bad_splats, "SPZ: " + what);
}

}  // namespace

SpzHeader parse_spz_header(std::span<const std::uint8_t> bytes) {
    return {little(bytes, 0), little(bytes, 4), little(bytes, 8), bytes[12],
            bytes[13],        bytes[14],        bytes[15]};
}

std::array<std::size_t, kSpzArrays> spz_array_bytes(const SpzHeader& header) {
    const std::size_t n = header.count;
    return {n * (header.version == 1 ? 6 : 9),
            n,
            n * 3,
            n * 3,
            n * (header.version >= 3 ? 4 : 3),
            n * harmonics_per_gaussian(header.degree)};
}

std::optional<config::Error> refuse_spz_header(const SpzHeader& header, int highest_degree,
                                               const SpzLimits& limits) {
    if (header.magic != kSpzMagic) return bad("does not begin with NGSP");
    if (header.count == 0) return bad("no Gaussians");
    if (header.count > limits.max_gaussians) {
        return bad(std::to_string(header.count) + " Gaussians; the limit is " +
                   std::to_string(limits.max_gaussians));
    }
    if (header.degree > highest_degree) {
        return bad("harmonics of degree " + std::to_string(header.degree));
    }
    const auto sizes = spz_array_bytes(header);
    const std::size_t bytes = std::accumulate(sizes.begin(), sizes.end(), kSpzHeaderBytes);
    if (bytes > std::size_t(limits.max_bytes)) {
        return bad("a payload of " + std::to_string(bytes) + " bytes; the limit is " +
                   std::to_string(limits.max_bytes));
    }
    return std::nullopt;
}

StoredSplats unpack_spz(const SpzHeader& header, const SpzArrays& arrays) {
    static const auto logits = table([](float b) {
        const float opacity = b / 255.F;
        return std::log(opacity / (1.F - opacity));
    });
    static const auto colours = table([](float b) { return (b / 255.F - 0.5F) / 0.15F; });
    static const auto scales = table([](float b) { return b / 16.F - 10.F; });
    const auto array = [&](SpzArray which) { return arrays[std::size_t(which)]; };

    StoredSplats splats;
    splats.sh_degree = header.degree;
    splats.resize(header.count);
    unpack_positions(header, array(SpzArray::positions), splats);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        splats.logit[i] = logits[array(SpzArray::alphas)[i]];
        for (int c = 0; c < 3; ++c) {
            splats.colour[i][c] = colours[array(SpzArray::colours)[3 * i + c]];
            splats.log_scale[i][c] = scales[array(SpzArray::scales)[3 * i + c]];
        }
    }
    if (header.version >= 3) {
        unpack_smallest_three(array(SpzArray::rotations), splats);
    } else {
        unpack_first_three(array(SpzArray::rotations), splats);
    }
    unpack_harmonics(array(SpzArray::harmonics), splats);
    return splats;
}

}  // namespace generator
