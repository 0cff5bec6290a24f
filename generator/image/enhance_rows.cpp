#include "generator/image/enhance_rows.hpp"

#include "generator/avx2.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace generator {
namespace {

#define MINER_INLINE [[gnu::always_inline]] inline

MINER_INLINE void to_float(const std::uint8_t* from, float* __restrict to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] = float(from[i]);
}

MINER_INLINE std::uint8_t truncated(float value) {
    value = value > 0.F ? value : 0.F;
    value = value < 255.F ? value : 255.F;
    return std::uint8_t(int(value));
}

MINER_INLINE std::uint8_t blend(float degenerate, float value, float factor) {
    return truncated(degenerate + factor * (value - degenerate));
}

MINER_INLINE int luma(int red, int green, int blue) {
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

MINER_INLINE std::uint32_t pixel_at(const std::uint8_t* at) {
    static_assert(std::endian::native == std::endian::little);
    std::uint32_t pixel;
    std::memcpy(&pixel, at, sizeof pixel);
    return pixel;
}

template <bool kSharpens>
struct Filtered {
    MINER_INLINE static void run(RowsAbout rows, Kernel k, float factor, float* __restrict scratch,
                                 std::uint8_t* __restrict out) {
        const std::size_t count = rows.bytes, step = std::size_t(rows.channels);
        float* const above = scratch;
        float* const here = above + count;
        float* const below = here + count;
        to_float(rows.above, above, count);
        to_float(rows.here, here, count);
        to_float(rows.below, below, count);
        // The outermost pixels are their own degenerates, and blended with themselves they stay.
        std::memcpy(out, rows.here, step);
        std::memcpy(out + count - step, rows.here + count - step, step);
        for (std::size_t i = step; i < count - step; ++i) {
            const float* b = below + i;
            const float* h = here + i;
            const float* a = above + i;
            const auto left = -std::ptrdiff_t(step);
            float sum = 0.5F;
            // The order of the additions decides how exact halves round.
            sum += (b[left] * k.corner + b[0] * k.side) + b[step] * k.corner;
            sum += (h[left] * k.side + h[0] * k.centre) + h[step] * k.side;
            sum += (a[left] * k.corner + a[0] * k.side) + a[step] * k.corner;
            const std::uint8_t value = truncated(sum);
            out[i] = kSharpens ? blend(float(value), h[0], factor) : value;
        }
    }
};

// Where pixels of 4 channels have alpha, out gets it back.
struct AlphaKept4 {
    MINER_INLINE static void run(const std::uint8_t* __restrict row, std::size_t bytes,
                                 std::uint8_t* __restrict out) {
        for (std::size_t i = 0; i < bytes; i += 4) {
            const std::uint32_t pixel =
                (pixel_at(out + i) & 0x00FFFFFFU) | (pixel_at(row + i) & 0xFF000000U);
            std::memcpy(out + i, &pixel, sizeof pixel);
        }
    }
};

MINER_INLINE void keep(const std::uint8_t* row, std::size_t bytes, int channels,
                       std::uint8_t* out) {
    if (channels == 4) return AlphaKept4::run(row, bytes, out);
    if (channels != 2) return;
    for (std::size_t i = 1; i < bytes; i += 2) out[i] = row[i];
}

struct Stretched {
    MINER_INLINE static void run(std::uint8_t* row, std::size_t bytes, int channels, float about,
                                 float factor) {
        std::uint8_t before[1024];  // a multiple of every pixel that has alpha
        for (std::size_t begin = 0; begin < bytes; begin += sizeof before) {
            const std::size_t count = std::min(sizeof before, bytes - begin);
            std::memcpy(before, row + begin, count);
            for (std::size_t i = 0; i < count; ++i)
                row[begin + i] = blend(about, float(before[i]), factor);
            keep(before, count, channels, row + begin);
        }
    }
};

struct SumOfLuma4 {
    MINER_INLINE static std::int64_t run(const std::uint8_t* row, std::size_t bytes) {
        constexpr std::size_t kAtOnce = std::size_t(1) << 18;  // bytes: their sum fits into an int
        std::int64_t sum = 0;
        for (std::size_t begin = 0; begin < bytes; begin += kAtOnce) {
            const std::size_t end = std::min(bytes, begin + kAtOnce);
            std::int32_t part = 0;
            for (std::size_t i = begin; i < end; i += 4) {
                const std::uint32_t pixel = pixel_at(row + i);
                part += luma(int(pixel & 255), int(pixel >> 8 & 255), int(pixel >> 16 & 255));
            }
            sum += part;
        }
        return sum;
    }
};

}  // namespace

void filter_row(const RowsAbout& rows, const Kernel& kernel, float* scratch, std::uint8_t* out) {
    run_fastest<Filtered<false>>(rows, kernel, 0.F, scratch, out);
}

void sharpen_row(const RowsAbout& rows, const Kernel& kernel, float factor, float* scratch,
                 std::uint8_t* out) {
    run_fastest<Filtered<true>>(rows, kernel, factor, scratch, out);
}

void stretch_row(std::uint8_t* row, std::size_t bytes, int channels, int about, float factor) {
    run_fastest<Stretched>(row, bytes, channels, float(about), factor);
}

void colour_row(std::uint8_t* row, std::size_t bytes, int channels, float factor) {
    for (std::size_t i = 0; i < bytes; i += std::size_t(channels)) {
        const auto grey = float(luma(row[i], row[i + 1], row[i + 2]));
        for (std::size_t c = 0; c < 3; ++c) row[i + c] = blend(grey, float(row[i + c]), factor);
    }
}

void keep_alpha(const std::uint8_t* row, std::size_t bytes, int channels, std::uint8_t* out) {
    keep(row, bytes, channels, out);
}

std::int64_t sum_of_luma(const std::uint8_t* row, std::size_t bytes, int channels) {
    if (channels == 4) return run_fastest<SumOfLuma4>(row, bytes);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < bytes; i += std::size_t(channels))
        sum += channels == 3 ? luma(row[i], row[i + 1], row[i + 2]) : row[i];
    return sum;
}

}  // namespace generator
