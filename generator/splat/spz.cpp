#include "generator/splat/spz.hpp"

#include "generator/errc.hpp"
#include "generator/parallel.hpp"
#include "generator/splat/spz_format.hpp"
#include "generator/splat/spz_pack.hpp"
#include "generator/splat/spz_write.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

namespace generator {
namespace {

constexpr std::size_t kPiece = 4096;  // Gaussians that one thread packs at a time

struct Run {
    std::size_t begin, end;
};

// Into the middle of a bucket of so many bytes, of which 128 is one.
std::uint8_t to_bucket(float value, int bucket) {
    constexpr float kBeyond = 2147483648.F;
    const float shifted = std::round(value * 128.F) + 128.F;
    if (!(shifted >= -kBeyond && shifted < kBeyond)) return 0;
    const std::int64_t q = (std::int64_t(shifted) + bucket / 2) / bucket * bucket;
    return std::uint8_t(std::clamp<std::int64_t>(q, 0, 255));
}

// From colour by colour to coefficient by coefficient; the nine values of degree 1 keep more bits.
void pack_harmonics(const StoredSplats& splats, Run run, int degree, HarmonicBuckets buckets,
                    std::uint8_t* to) {
    const int stored = harmonics_per_gaussian(splats.sh_degree), per_colour = stored / 3;
    const int count = harmonics_per_gaussian(degree);
    for (std::size_t i = run.begin; i < run.end; ++i) {
        for (int k = 0; k < count; ++k) {
            const float value =
                splats.harmonics[i * std::size_t(stored) + std::size_t(k % 3 * per_colour + k / 3)];
            *to++ = to_bucket(value, k < 9 ? buckets.first : buckets.others);
        }
    }
}

template <std::size_t N>
std::span<const float> flat(const std::vector<std::array<float, N>>& values, Run run) {
    return {values.data()->data() + run.begin * N, (run.end - run.begin) * N};
}

SpzHeader header_of(const StoredSplats& splats, const SpzOptions& options) {
    assert(options.fraction_bits >= 0 && options.fraction_bits <= 22);
    assert(options.version == 2 || options.version == 3);
    SpzHeader header;
    header.version = std::uint32_t(options.version);
    header.count = std::uint32_t(splats.size());
    header.degree = std::uint8_t(std::min(splats.sh_degree, kSpzHighestDegree));
    header.fraction_bits = std::uint8_t(options.fraction_bits);
    return header;
}

}  // namespace

void pack_spz_into(const StoredSplats& splats, const SpzHeader& header, const SpzOptions& options,
                   HarmonicBuckets buckets, std::uint8_t* payload) {
    write_spz_header(header, payload);
    const SpzPlaces places(header, payload);
    const float steps = spz_steps(header);
    const std::size_t pieces = (splats.size() + kPiece - 1) / kPiece;
    parallel_for(pieces, threads_for(options.threads), [&](std::size_t piece) {
        const Run run{piece * kPiece, std::min(splats.size(), (piece + 1) * kPiece)};
        const auto at = [&](SpzArray which) { return places.at(which, run.begin); };
        pack_positions(flat(splats.position, run), steps, at(SpzArray::positions));
        pack_logits({splats.logit.data() + run.begin, run.end - run.begin}, alpha_range(options),
                    at(SpzArray::alphas));
        pack_values(flat(splats.colour, run), kColourLine, at(SpzArray::colours));
        pack_values(flat(splats.log_scale, run), kScaleLine, at(SpzArray::scales));
        const auto pack_turns = header.version == 2 ? pack_rotations : pack_smallest_three;
        pack_turns(flat(splats.rotation, run), at(SpzArray::rotations));
        pack_harmonics(splats, run, header.degree, buckets, at(SpzArray::harmonics));
    });
}

config::Result<int> fitting_fraction_bits(const StoredSplats& splats, int most) {
    // What lies nearer to 0 is rounded to less than 2^23, of either sign.
    constexpr float kReach = 8388607.5F;
    float furthest = 0;
    std::size_t unfit = 0;
    for (const auto& place : splats.position) {
        float far = 0;
        bool fits = true;
        for (const float value : place) {
            fits = fits && std::abs(value) < kReach;  // NaN is not
            far = std::max(far, std::abs(value));
        }
        unfit += !fits;
        if (fits) furthest = std::max(furthest, far);
    }
    if (unfit > 0)
        return config::fail(Errc::bad_splats,
                            "SPZ: " + std::to_string(unfit) + " of " +
                                std::to_string(splats.size()) +
                                " Gaussians lie further than 8388607 from 0, or at a place that is "
                                "not finite, which it cannot hold");
    while (std::ldexp(furthest, most) >= kReach) --most;
    return most;
}

std::vector<std::uint8_t> pack_spz(const StoredSplats& splats, const SpzOptions& options) {
    const SpzHeader header = header_of(splats, options);
    std::vector<std::uint8_t> payload(spz_payload_bytes(header));
    pack_spz_into(splats, header, options, kHarmonicBuckets, payload.data());
    return payload;
}

std::vector<std::uint8_t> write_spz(const StoredSplats& splats, const SpzOptions& options) {
    assert(options.version == 2);
    const SpzHeader header = header_of(splats, options);
    auto& workspace = SpzWorkspace::of_this_thread();
    const auto payload = workspace.payload(spz_payload_bytes(header));
    pack_spz_into(splats, header, options, kHarmonicBuckets, payload.data());
    return workspace.compress(payload, options);
}

}  // namespace generator
