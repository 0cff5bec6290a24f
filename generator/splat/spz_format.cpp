#include "generator/splat/spz_format.hpp"

#include "generator/errc.hpp"
#include "generator/parallel.hpp"
#include "generator/splat/sized.hpp"
#include "generator/splat/spz_unpack.hpp"

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

// Gaussians [begin, end), and what of each array is theirs.
struct Run {
    std::size_t begin, end;
    SpzArrays arrays;

    Bytes operator[](SpzArray which) const { return arrays[std::size_t(which)]; }
};

Run run_of(const SpzHeader& header, const SpzArrays& arrays, std::size_t begin, std::size_t end) {
    SpzHeader one = header;
    one.count = 1;
    const auto each = spz_array_bytes(one);
    Run run{begin, end, {}};
    for (std::size_t i = 0; i < arrays.size(); ++i)
        run.arrays[i] = arrays[i].subspan(begin * each[i], (end - begin) * each[i]);
    return run;
}

void unpack_positions_of(const Run& run, const SpzHeader& header, StoredSplats& to) {
    Bytes from = run[SpzArray::positions];
    if (header.version == 1) {
        for (std::size_t i = run.begin; i < run.end; ++i) {
            for (auto& value : to.position[i]) {
                value = half_to_float(from[0] | from[1] << 8);
                from = from.subspan(2);
            }
        }
        return;
    }
    // More than 31 bits mean nothing; x86-64, on which validators run, takes the shift modulo 32.
    const float step = float(1.0 / std::int32_t(1U << (header.fraction_bits & 31)));
    unpack_positions(from, step, to.position[run.begin].data());
}

// Four bytes: the top two bits name the largest of x, y, z, w, which is positive and what is left
// of the unit length; the others follow in order, each a sign and nine bits of magnitude, 511 for
// sqrt(1/2).
void unpack_smallest_three(const Run& run, StoredSplats& to) {
    constexpr float kUnit = 0.70710678118654752440F;
    for (std::size_t i = run.begin; i < run.end; ++i) {
        std::uint32_t bits = little(run[SpzArray::rotations], 4 * (i - run.begin));
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
void unpack_harmonics(const Run& run, StoredSplats& to) {
    const int per_gaussian = harmonics_per_gaussian(to.sh_degree), per_colour = per_gaussian / 3;
    const std::uint8_t* from = run[SpzArray::harmonics].data();
    for (std::size_t i = run.begin; i < run.end; ++i) {
        for (int k = 0; k < per_gaussian; ++k) {
            to.harmonics[i * per_gaussian + k % 3 * per_colour + k / 3] =
                (float(*from++) - 128.F) / 128.F;
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

void unpack_spz(const SpzHeader& header, const SpzArrays& arrays, int threads,
                StoredSplats& splats) {
    constexpr std::size_t kPiece = 8192;
    static const auto logits = table([](float b) {
        const float opacity = b / 255.F;
        return std::log(opacity / (1.F - opacity));
    });
    Team team(threads_for_pieces(threads, header.count, kPiece));
    splats.sh_degree = header.degree;
    resize(splats, header.count, team);
    team.run((splats.size() + kPiece - 1) / kPiece, [&](std::size_t piece) {
        const std::size_t begin = piece * kPiece, end = std::min(splats.size(), begin + kPiece);
        const Run run = run_of(header, arrays, begin, end);
        unpack_positions_of(run, header, splats);
        const Bytes alphas = run[SpzArray::alphas];
        for (std::size_t i = begin; i < end; ++i) splats.logit[i] = logits[alphas[i - begin]];
        unpack_colours(run[SpzArray::colours], splats.colour[begin].data());
        unpack_scales(run[SpzArray::scales], splats.log_scale[begin].data());
        if (header.version >= 3)
            unpack_smallest_three(run, splats);
        else
            unpack_first_three(run[SpzArray::rotations], splats.rotation[begin].data());
        unpack_harmonics(run, splats);
    });
}

}  // namespace generator
