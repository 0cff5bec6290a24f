// From one SPZ to another without loss.
#include "generator/errc.hpp"
#include "generator/splat/spz.hpp"
#include "generator/splat/spz_opened.hpp"
#include "generator/splat/spz_write.hpp"
#include "generator/splat/turn.hpp"

#include <algorithm>
#include <new>

namespace generator {
namespace {

bool has_smallest_three(const SpzHeader& header) { return header.version >= 3; }

// Whether the array's bytes mean the same after both headers and, maybe, a turn.
bool is_alike(SpzArray array, const SpzHeader& from, const SpzHeader& to, bool turned) {
    switch (array) {
        case SpzArray::positions:
            return from.version > 1 && !turned;
        case SpzArray::rotations:
            return has_smallest_three(from) == has_smallest_three(to) && !turned;
        case SpzArray::harmonics:
            return from.degree == to.degree && !turned;
        default:
            return true;
    }
}

config::Result<std::vector<std::uint8_t>> repack(const OpenedSpz& from, const SpzOptions& options,
                                                 int quarters) {
    constexpr int kMostBits = 22;  // that are written
    const bool turned = quarters != 0;
    if (!turned && int(from.header.version) == options.version &&
        from.header.degree <= kSpzHighestDegree)
        return std::vector(from.payload.begin(), from.payload.end());
    StoredSplats splats;
    unpack_spz(from.header, from.arrays, options.threads, splats);
    turn_about_x(splats, quarters);
    SpzHeader header = from.header;
    header.version = std::uint32_t(options.version);
    header.degree = std::uint8_t(std::min<int>(header.degree, kSpzHighestDegree));
    header.flags &= kSpzAntialiased;
    header.reserved = 0;
    const bool old = from.header.version == 1;
    if (old || turned) {
        const int most =
            old ? options.fraction_bits : std::min<int>(header.fraction_bits, kMostBits);
        const auto bits = fitting_fraction_bits(splats, most);
        if (!bits) return bits.error();
        header.fraction_bits = std::uint8_t(*bits);
    }
    std::vector<std::uint8_t> payload(spz_payload_bytes(header));
    auto exact = options;
    exact.clamp_alpha = false;
    pack_spz_into(splats, header, exact, kWholeHarmonics, payload.data());
    const SpzPlaces places(header, payload.data());
    for (int i = 0; i < kSpzArrays; ++i) {
        const auto array = SpzArray(i);
        const auto& bytes = from.arrays[std::size_t(i)];
        if (is_alike(array, from.header, header, turned))
            std::copy(bytes.begin(), bytes.end(), places.at(array, 0));
    }
    return payload;
}

}  // namespace

config::Result<std::vector<std::uint8_t>> repack_spz(std::span<const std::uint8_t> bytes,
                                                     const SpzOptions& options,
                                                     const SpzLimits& limits, int quarters) try {
    std::vector<std::uint8_t> payload;
    const auto done = with_opened_spz(bytes, limits, [&](const OpenedSpz& from) {
        auto made = repack(from, options, quarters);
        if (!made) return config::Result<void>(made.error());
        payload = std::move(*made);
        return config::Result<void>();
    });
    if (!done) return done.error();
    return payload;
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading SPZ");
}

}  // namespace generator
