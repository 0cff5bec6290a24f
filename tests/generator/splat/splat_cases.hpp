// Splats for tests: random ones as TRELLIS makes them, and a comparison of what was read with
// golden files.
#pragma once

#include "generator/splat/export.hpp"
#include "generator/splat/spz.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

#include <cmath>
#include <random>

#include <zlib.h>
#include <zstd.h>

namespace tests {

// A cone that stands on its broad end in TRELLIS's space (z up), with rotations and scales of all
// kinds.
inline generator::Splats cone(std::size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    const auto number = [&](float low, float high) {
        return low + (high - low) * float(random() >> 8) / float(1 << 24);
    };
    generator::Splats splats;
    for (std::size_t i = 0; i < count; ++i) {
        const float z = number(-0.45F, 0.45F), angle = number(0, 6.2831853F);
        const float radius = 0.3F * (0.5F - z);
        splats.position.push_back({radius * std::cos(angle), radius * std::sin(angle), z});
        splats.colour.push_back({number(-1.5F, 1.5F), number(-1.5F, 1.5F), number(-1.5F, 1.5F)});
        splats.scale.push_back(
            {number(0.001F, 0.02F), number(0.001F, 0.02F), number(0.001F, 0.02F)});
        splats.rotation.push_back({number(-1, 1), number(-1, 1), number(-1, 1), number(-1, 1)});
        splats.opacity.push_back(number(0.1F, 0.99F));
    }
    return splats;
}

// The cone as it is exported, with harmonics of that degree.
inline generator::StoredSplats stored_cone(std::size_t count, int degree = 0) {
    auto splats = generator::export_splats(cone(count));
    splats.sh_degree = degree;
    const auto values = splats.size() * std::size_t(generator::harmonics_per_gaussian(degree));
    for (std::size_t i = 0; i < values; ++i)
        splats.harmonics.push_back(0.01F * float(i % 97) - 0.4F);
    return splats;
}

// Equal bits, or both NaN.
inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

inline bool near(float a, float b, double tolerance) {
    return same(a, b) || std::abs(double(a) - b) <= tolerance;
}

// Positions, colours, scales and harmonics exactly; opacities and rotations as far as the C
// library's logarithm, fused multiply-add and the root near zero allow (the tolerances that come
// with the golden files).
inline void check_decoded(const generator::StoredSplats& splats,
                          const generator::StoredSplats& golden) {
    REQUIRE(splats.size() == golden.size());
    REQUIRE(splats.sh_degree == golden.sh_degree);
    // Whole, as libtorch has a vector's operator<< which fails to compile for vectors of arrays.
    CHECK((splats.colour == golden.colour));
    CHECK((splats.log_scale == golden.log_scale));
    CHECK((splats.harmonics == golden.harmonics));
    for (std::size_t i = 0; i < splats.size(); ++i) {
        INFO("Gaussian " << i);
        for (int c = 0; c < 3; ++c) REQUIRE(same(splats.position[i][c], golden.position[i][c]));
        REQUIRE(near(splats.logit[i], golden.logit[i], 5e-7));
        REQUIRE(near(splats.rotation[i][0], golden.rotation[i][0], 1e-5));
        for (int c = 1; c < 4; ++c) {
            REQUIRE(near(splats.rotation[i][c], golden.rotation[i][c], 1.2e-7));
        }
    }
}

inline generator::StoredSplats golden_ply(const std::string& name) {
    return generator::read_ply(golden(name)).value();
}

// As Niantic's files are packed up to version 3.
inline Bytes gzip(const Bytes& payload) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    Bytes file(deflateBound(&stream, payload.size()) + 64);
    stream.next_in = const_cast<Bytef*>(payload.data());
    stream.avail_in = uInt(payload.size());
    stream.next_out = file.data();
    stream.avail_out = uInt(file.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    file.resize(stream.total_out);
    deflateEnd(&stream);
    return file;
}

// As the subnet's are.
inline Bytes zstd(const Bytes& payload) {
    Bytes frame(ZSTD_compressBound(payload.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), payload.data(), payload.size(), 1));
    return frame;
}

inline Bytes gunzip(const Bytes& file) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
    Bytes payload(std::size_t(16) << 20);
    stream.next_in = const_cast<Bytef*>(file.data());
    stream.avail_in = uInt(file.size());
    stream.next_out = payload.data();
    stream.avail_out = uInt(payload.size());
    REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    payload.resize(stream.total_out);
    inflateEnd(&stream);
    return payload;
}

inline Bytes unzstd(const Bytes& file) {
    Bytes payload(ZSTD_getFrameContentSize(file.data(), file.size()));
    REQUIRE(ZSTD_decompress(payload.data(), payload.size(), file.data(), file.size()) ==
            payload.size());
    return payload;
}

// A payload of version 2 that writing anew would change: 14 fraction bits, the flag for
// antialiasing, alphas of 0 and 255, and harmonics of all eight bits.
inline Bytes fine_payload(std::size_t count, int degree) {
    const auto splats = stored_cone(count, degree);
    Bytes payload = generator::pack_spz(splats, {.fraction_bits = 14});
    payload[14] = 1;
    payload[16 + 9 * count] = 0;
    payload[16 + 9 * count + 1] = 255;
    for (std::size_t i = 16 + 19 * count; i < payload.size(); ++i)
        payload[i] = std::uint8_t(i % 251);
    return payload;
}

}  // namespace tests
