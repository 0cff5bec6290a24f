#include "generator/splat/spz.hpp"

#include "generator/splat/spz_format.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>

#include <zstd.h>

namespace generator {
namespace {

constexpr int kHighestDegree = 3;

// Rounded half away from zero and clamped to a byte; NaN is 0. Without a branch, so that loops over
// it vectorise.
std::uint8_t to_byte(float value) {
    value = value > 0.F ? value : 0.F;
    value = value < 255.F ? value : 255.F;
    const int whole = int(value);
    return std::uint8_t(whole + (value - float(whole) >= 0.5F));
}

// Rounded half away from zero; 0x80000000, of which the low 24 bits are 0, where int has no such
// value.
std::int32_t to_fixed(float value) {
    constexpr float kBeyond = 2147483648.F;
    const bool fits = value >= -kBeyond && value < kBeyond;
    const float inside = fits ? value : -kBeyond;
    const std::int32_t whole = std::int32_t(inside);
    const float rest = inside - float(whole);
    return whole + (rest >= 0.5F) - (rest <= -0.5F);
}

void pack_positions(const StoredSplats& splats, int fraction_bits, std::uint8_t* to) {
    const float steps = std::ldexp(1.F, fraction_bits);
    for (const auto& position : splats.position) {
        for (const float value : position) {
            const auto fixed = std::uint32_t(to_fixed(value * steps));
            to[0] = std::uint8_t(fixed);
            to[1] = std::uint8_t(fixed >> 8);
            to[2] = std::uint8_t(fixed >> 16);
            to += 3;
        }
    }
}

void pack_alphas(const StoredSplats& splats, bool clamp, std::uint8_t* to) {
    const int lowest = clamp ? 1 : 0, highest = clamp ? 254 : 255;
    for (const float logit : splats.logit) {
        const int alpha = to_byte(1.F / (1.F + std::exp(-logit)) * 255.F);
        *to++ = std::uint8_t(std::clamp(alpha, lowest, highest));
    }
}

void pack_triples(const std::vector<std::array<float, 3>>& values, float add, float factor,
                  float shift, std::uint8_t* to) {
    for (const auto& value : values) {
        for (int c = 0; c < 3; ++c) to[c] = to_byte((value[c] + add) * factor + shift);
        to += 3;
    }
}

void pack_rotations(const StoredSplats& splats, std::uint8_t* to) {
    for (const auto& [w, x, y, z] : splats.rotation) {
        const float length = std::sqrt(x * x + y * y + z * z + w * w);
        const float sign = w / length < 0.F ? -127.5F : 127.5F;
        to[0] = to_byte(x / length * sign + 127.5F);
        to[1] = to_byte(y / length * sign + 127.5F);
        to[2] = to_byte(z / length * sign + 127.5F);
        to += 3;
    }
}

// Into the middle of a bucket, of which 128 is one.
std::uint8_t to_bucket(float value, int bucket) {
    constexpr float kBeyond = 2147483648.F;
    const float shifted = std::round(value * 128.F) + 128.F;
    if (!(shifted >= -kBeyond && shifted < kBeyond)) return 0;
    const std::int64_t q = (std::int64_t(shifted) + bucket / 2) / bucket * bucket;
    return std::uint8_t(std::clamp<std::int64_t>(q, 0, 255));
}

// From colour by colour to coefficient by coefficient; the nine values of degree 1 keep more bits.
void pack_harmonics(const StoredSplats& splats, int degree, std::uint8_t* to) {
    const int stored = harmonics_per_gaussian(splats.sh_degree), per_colour = stored / 3;
    const int count = harmonics_per_gaussian(degree);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        for (int k = 0; k < count; ++k) {
            const float value = splats.harmonics[i * stored + k % 3 * per_colour + k / 3];
            *to++ = to_bucket(value, k < 9 ? 8 : 16);
        }
    }
}

}  // namespace

std::vector<std::uint8_t> pack_spz(const StoredSplats& splats, const SpzOptions& options) {
    assert(options.fraction_bits >= 0 && options.fraction_bits <= 22);
    SpzHeader header;
    header.count = std::uint32_t(splats.size());
    header.degree = std::uint8_t(std::min(splats.sh_degree, kHighestDegree));
    header.fraction_bits = std::uint8_t(options.fraction_bits);
    const auto sizes = spz_array_bytes(header);

    std::size_t total = kSpzHeaderBytes;
    for (const auto size : sizes) total += size;
    std::vector<std::uint8_t> payload(total);
    const std::uint32_t numbers[] = {header.magic, header.version, header.count};
    for (int i = 0; i < 12; ++i) payload[i] = std::uint8_t(numbers[i / 4] >> (8 * (i % 4)));
    payload[12] = header.degree;
    payload[13] = header.fraction_bits;

    std::array<std::uint8_t*, kSpzArrays> arrays{};
    std::uint8_t* at = payload.data() + kSpzHeaderBytes;
    for (int i = 0; i < kSpzArrays; ++i) {
        arrays[i] = at;
        at += sizes[i];
    }
    const auto array = [&](SpzArray which) { return arrays[std::size_t(which)]; };
    pack_positions(splats, options.fraction_bits, array(SpzArray::positions));
    pack_alphas(splats, options.clamp_alpha, array(SpzArray::alphas));
    pack_triples(splats.colour, 0.F, 0.15F * 255.F, 0.5F * 255.F, array(SpzArray::colours));
    pack_triples(splats.log_scale, 10.F, 16.F, 0.F, array(SpzArray::scales));
    pack_rotations(splats, array(SpzArray::rotations));
    pack_harmonics(splats, header.degree, array(SpzArray::harmonics));
    return payload;
}

std::vector<std::uint8_t> write_spz(const StoredSplats& splats, const SpzOptions& options) {
    const auto payload = pack_spz(splats, options);
    std::vector<std::uint8_t> bytes(ZSTD_compressBound(payload.size()));
    const std::size_t size = ZSTD_compress(bytes.data(), bytes.size(), payload.data(),
                                           payload.size(), options.zstd_level);
    // The buffer is large enough by construction, so only memory can run out.
    if (ZSTD_isError(size)) throw std::bad_alloc();
    bytes.resize(size);
    return bytes;
}

}  // namespace generator
