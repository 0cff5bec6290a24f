// One row of a tile is one vector of sixteen floats; the compiler makes of it what the machine has
// (one AVX-512 register, two of AVX, four of SSE). The body is compiled once for each.
#include "generator/render/composite.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace generator {
namespace {

using Floats = float __attribute__((vector_size(64)));
using Bits = std::uint32_t __attribute__((vector_size(64)));
using Mask = std::int32_t __attribute__((vector_size(64)));

#define MINER_INLINE [[gnu::always_inline]] inline

constexpr float kAlphaMin = 1.0F / 255, kAlphaMax = 0.999F, kStop = 1e-4F;
constexpr float kNever = 2;
constexpr std::size_t kBlock = 32;  // ellipses between two looks for rows that have ended

MINER_INLINE Floats all(float value) { return value - Floats{}; }

// 2^-s for s >= 0, to 2e-7 of itself; what is below 2^-32 becomes that, and so does NaN. The
// polynomial interpolates (2^f - 1) / f at the Chebyshev points of [-0.5, 0.5].
MINER_INLINE Floats power_of_half(Floats s) {
    const Floats magic = all(12582912.0F);  // 1.5 * 2^23: adding it rounds to whole numbers
    Floats y = -s;
    y = y > all(-32) ? y : all(-32);
    const Floats shifted = y + magic;
    const Floats f = y - (shifted - magic);
    Floats p = all(1.5453163e-4F);
    p = p * f + all(1.3390863e-3F);
    p = p * f + all(9.6180826e-3F);
    p = p * f + all(5.5503571e-2F);
    p = p * f + all(2.4022651e-1F);
    p = p * f + all(6.9314719e-1F);
    p = p * f + all(1);
    return (Floats)((Bits)p + ((Bits)shifted << 23));
}

// Rows of which some pixel still goes on, among those of `rows`.
MINER_INLINE std::uint32_t still_open(const Tile& tile, std::uint32_t rows) {
    std::uint32_t open = 0;
    for (std::uint32_t left = rows; left; left &= left - 1) {
        const int row = std::countr_zero(left);
        const float* least = &tile.least_alpha[row * kTileSide];
        if (*std::min_element(least, least + kTileSide) < kNever) open |= 1U << row;
    }
    return open;
}

MINER_INLINE void draw_row(Tile& tile, int row, const Ellipse& e, float u0, float along_y) {
    const Floats lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const int at = row * kTileSide;
    auto& transmittance = *reinterpret_cast<Floats*>(tile.transmittance + at);
    auto& least_alpha = *reinterpret_cast<Floats*>(tile.least_alpha + at);
    const Floats u = all(u0) + lanes;
    Floats alpha = all(e.opacity) * power_of_half(all(e.across) * u * u + all(along_y));
    alpha = alpha < all(kAlphaMax) ? alpha : all(kAlphaMax);
    const Mask hit = alpha >= least_alpha;
    const Floats rest = transmittance * (all(1) - alpha);
    const Mask ends = hit & (rest <= all(kStop));
    const Mask drawn = hit & ~ends;
    const Floats weight = drawn ? alpha * transmittance : all(0);
    transmittance = drawn ? rest : transmittance;
    least_alpha = ends ? all(kNever) : least_alpha;
    *reinterpret_cast<Floats*>(tile.red + at) += weight * all(e.colour[0]);
    *reinterpret_cast<Floats*>(tile.green + at) += weight * all(e.colour[1]);
    *reinterpret_cast<Floats*>(tile.blue + at) += weight * all(e.colour[2]);
    *reinterpret_cast<Floats*>(tile.depth + at) += weight * all(e.z);
}

MINER_INLINE void composite(Tile& tile, const Ellipse* ellipses,
                            std::span<const std::uint32_t> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i % kBlock == 0) {
            tile.open_rows = still_open(tile, tile.open_rows);
            if (tile.open_rows == 0) return;
        }
        const Ellipse& e = ellipses[entries[i]];
        const double x = tile.x - e.x, y = tile.y - e.y;
        const int first = int(std::clamp(std::ceil(-e.half_height - y), 0.0, double(kTileSide)));
        const int end = int(std::clamp(std::floor(e.half_height - y) + 1, 0.0, double(kTileSide)));
        for (int row = first; row < end; ++row) {
            if (!(tile.open_rows >> row & 1)) continue;
            const double dy = y + row;
            draw_row(tile, row, e, float(x - e.shear * dy), float(e.down * dy * dy));
        }
    }
    tile.open_rows = still_open(tile, tile.open_rows);
}

void composite_plain(Tile& tile, const Ellipse* ellipses, std::span<const std::uint32_t> entries) {
    composite(tile, ellipses, entries);
}

#ifdef __x86_64__
[[gnu::target("avx2,fma")]] void composite_avx2(Tile& tile, const Ellipse* ellipses,
                                                std::span<const std::uint32_t> entries) {
    composite(tile, ellipses, entries);
}

[[gnu::target("avx512f,avx512dq,avx512vl,avx512bw,fma")]] void composite_avx512(
    Tile& tile, const Ellipse* ellipses, std::span<const std::uint32_t> entries) {
    composite(tile, ellipses, entries);
}
#endif

}  // namespace

void begin_tile(Tile& tile, int column, int row, int width, int height) {
    tile = {};
    tile.x = column * kTileSide + 0.5;
    tile.y = row * kTileSide + 0.5;
    tile.open_rows = (1U << kTileSide) - 1;
    for (int i = 0; i < kTilePixels; ++i) {
        const bool inside =
            column * kTileSide + i % kTileSide < width && row * kTileSide + i / kTileSide < height;
        tile.transmittance[i] = 1;
        tile.least_alpha[i] = inside ? kAlphaMin : kNever;
    }
}

Composite composite_for(Vectors vectors) {
#ifdef __x86_64__
    if (vectors == Vectors::best && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw")) {
        return composite_avx512;
    }
    if (vectors != Vectors::plain && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        return composite_avx2;
    }
#endif
    (void)vectors;
    return composite_plain;
}

}  // namespace generator
