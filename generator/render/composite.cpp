// The loop is compiled three times: for AVX-512, where a row of a tile is one register, for AVX2,
// where it is two, and for any machine, four. The machine decides which one runs.
#include "generator/render/composite.hpp"

#include <algorithm>
#include <bit>

namespace generator {
namespace {

constexpr float kAlphaMin = 1.0F / 255, kAlphaMax = 0.999F, kStop = 1e-4F;
constexpr float kNever = 2;
constexpr std::size_t kBlock = 32;  // ellipses between two looks for rows that have ended
alignas(64) constexpr float kColumns[kTileSide] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                   8, 9, 10, 11, 12, 13, 14, 15};

// First and one past the last of a tile's rows (or columns) within `half` of -offset.
struct Span {
    int first, end;
};

Span span_of(double offset, double half) {
    // Truncation of what is not negative is the floor, without a call. Nothing shows on the edge.
    const double low = std::clamp(-half - offset, -1.0, double(kTileSide));
    const double high = std::clamp(half - offset, -1.0, kTileSide - 1.0);
    return {int(low + 2) - 1, int(high + 1)};
}

// Rows of which some pixel still goes on, among those of `rows`.
std::uint32_t still_open(const Tile& tile, std::uint32_t rows) {
    std::uint32_t open = 0;
    for (std::uint32_t left = rows; left; left &= left - 1) {
        const int row = std::countr_zero(left);
        const float* least = &tile.least_alpha[row * kTileSide];
        if (*std::min_element(least, least + kTileSide) < kNever) open |= 1U << row;
    }
    return open;
}

// The compiler takes vectors apart before it inlines, so the text itself must stand under each set
// of instructions.
namespace plain {
constexpr int kLanes = 4;
#include "generator/render/composite_lanes.hpp"
}  // namespace plain

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kLanes = 8;
#include "generator/render/composite_lanes.hpp"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")
namespace avx512 {
constexpr int kLanes = 16;
#include "generator/render/composite_lanes.hpp"
}  // namespace avx512
#pragma GCC pop_options
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
        return avx512::composite;
    }
    if (vectors != Vectors::plain && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
        return avx2::composite;
    }
#endif
    (void)vectors;
    return plain::composite;
}

}  // namespace generator
