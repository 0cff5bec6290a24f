#include "generator/score/blur.hpp"

#include <cstddef>
#include <vector>

namespace generator {
namespace {

constexpr std::int64_t kTaps = 2 * kBlurRadius + 1;

std::int64_t reflected(std::int64_t at, std::int64_t size) {
    if (at < 0) return -at;
    return at < size ? at : 2 * (size - 1) - at;
}

// One text, compiled for AVX2 and for any machine. row: scratch, the width and a radius each side.
[[gnu::always_inline]] inline void blur(const float* from, std::int64_t height, std::int64_t width,
                                        const BlurWeights& w, float* row, float* to) {
    for (std::int64_t y = 0; y < height; ++y) {
        const float* r[kTaps];
        for (std::int64_t k = 0; k < kTaps; ++k)
            r[k] = from + reflected(y + k - kBlurRadius, height) * width;
        {
            float* const __restrict middle = row + kBlurRadius;
            for (std::int64_t x = 0; x < width; ++x) {
                float sum = w[0] * r[0][x];
                for (std::size_t k = 1; k < std::size_t(kTaps); ++k) sum += w[k] * r[k][x];
                middle[x] = sum;
            }
        }
        for (std::int64_t x = 1; x <= kBlurRadius; ++x) {
            row[kBlurRadius - x] = row[kBlurRadius + x];
            row[kBlurRadius + width - 1 + x] = row[kBlurRadius + width - 1 - x];
        }
        float* const __restrict out = to + y * width;
        for (std::int64_t x = 0; x < width; ++x) {
            float sum = w[0] * row[x];
            for (std::size_t k = 1; k < std::size_t(kTaps); ++k)
                sum += w[k] * row[x + std::int64_t(k)];
            out[x] = sum;
        }
    }
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void blur_avx2(const float* from, std::int64_t height,
                                           std::int64_t width, const BlurWeights& weights,
                                           float* row, float* to) {
    blur(from, height, width, weights, row, to);
}
#endif

}  // namespace

void blur_plane(const float* from, std::int64_t height, std::int64_t width,
                const BlurWeights& weights, float* to) {
    std::vector<float> row(std::size_t(width + 2 * kBlurRadius));
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return blur_avx2(from, height, width, weights, row.data(), to);
#endif
    blur(from, height, width, weights, row.data(), to);
}

}  // namespace generator
