#include "generator/image/resize.hpp"

#include "generator/avx2.hpp"
#include "generator/image/bands.hpp"
#include "generator/parallel.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numbers>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace generator {
namespace {

constexpr int kFractionBits = 22;
constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

double sinc(double x) {
    if (x == 0) return 1;
    x *= std::numbers::pi;
    return std::sin(x) / x;
}

double weight(Filter filter, double x) {
    switch (filter) {
        case Filter::lanczos:
            return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
        case Filter::bicubic: {
            constexpr double a = -0.5;
            x = std::abs(x);
            if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
        }
        case Filter::box:
            return -0.5 < x && x <= 0.5 ? 1 : 0;
    }
    return 0;
}

double support(Filter filter) {
    if (filter == Filter::lanczos) return 3;
    return filter == Filter::bicubic ? 2 : 0.5;
}

// For each place of the result: where its taps begin in the stored pixels, and their weights.
struct Taps {
    struct Place {
        int first = 0;
        int count = 0;
        std::size_t weights = 0;  // offset
    };
    std::vector<Place> places;
    std::vector<std::int32_t> weights;
};

// Stretches `length` places to `out_length`. Only the places [begin, end) are stored, the others
// are zero and need no weight; `first` counts from begin.
Taps make_taps(int length, int out_length, Filter filter, int begin, int end) {
    Taps taps;
    taps.places.resize(out_length);
    const double scale = double(length) / out_length;
    const double stretch = std::max(scale, 1.0);
    const double reach = support(filter) * stretch;
    std::vector<double> values;
    for (int i = 0; i < out_length; ++i) {
        auto& place = taps.places[i];
        place.weights = taps.weights.size();
        if (length == out_length) {
            // A pass that changes nothing is skipped: this weight copies.
            if (i < begin || i >= end) continue;
            place.first = i - begin;
            place.count = 1;
            taps.weights.push_back(1 << kFractionBits);
            continue;
        }
        const double centre = (i + 0.5) * scale;
        const int low = std::max(0, int(centre - reach + 0.5));
        const int high = std::min(length, int(centre + reach + 0.5));
        values.clear();
        double total = 0;
        for (int j = low; j < high; ++j) {
            values.push_back(weight(filter, (j - centre + 0.5) * (1 / stretch)));
            total += values.back();
        }
        const int from = std::max(low, begin), to = std::min(high, end);
        if (from >= to) continue;
        place.first = from - begin;
        place.count = to - from;
        for (int j = from; j < to; ++j) {
            const double share = total != 0 ? values[j - low] / total : values[j - low];
            taps.weights.push_back(
                std::int32_t(std::copysign(0.5, share) + share * (1 << kFractionBits)));
        }
    }
    return taps;
}

std::uint8_t to_byte(std::int32_t sum) {
    return std::uint8_t(std::clamp(sum >> kFractionBits, 0, 255));
}

// One row of pixels of N channels.
template <int N>
struct StretchedRow {
    [[gnu::always_inline]] static void run(const std::uint8_t* row, const Taps* taps,
                                           std::uint8_t* out) {
        for (const auto& place : taps->places) {
            std::int32_t sums[N];
            for (auto& sum : sums) sum = kHalf;
            const std::uint8_t* from = row + std::ptrdiff_t(place.first) * N;
            const std::int32_t* weights = taps->weights.data() + place.weights;
            for (int j = 0; j < place.count; ++j, from += N) {
                for (int c = 0; c < N; ++c) sums[c] += weights[j] * from[c];
            }
            for (int c = 0; c < N; ++c) *out++ = to_byte(sums[c]);
        }
    }
};

#if defined(__x86_64__)
// Of RGBA, two taps at once.
[[gnu::target("avx2")]] void stretch_row_of_4(const std::uint8_t* row, const Taps& taps,
                                              std::uint8_t* out) {
    for (const auto& place : taps.places) {
        const std::uint8_t* from = row + std::ptrdiff_t(place.first) * 4;
        const std::int32_t* weights = taps.weights.data() + place.weights;
        auto sums = _mm256_setzero_si256();
        int j = 0;
        for (; j + 2 <= place.count; j += 2, from += 8) {
            const auto pixels =
                _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
            const auto pair =
                _mm256_set_m128i(_mm_set1_epi32(weights[j + 1]), _mm_set1_epi32(weights[j]));
            sums = _mm256_add_epi32(sums, _mm256_mullo_epi32(pixels, pair));
        }
        auto sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        if (j < place.count) {
            const auto pixel = _mm_cvtepu8_epi32(_mm_loadu_si32(from));
            sum = _mm_add_epi32(sum, _mm_mullo_epi32(pixel, _mm_set1_epi32(weights[j])));
        }
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kFractionBits);
        const auto words = _mm_packs_epi32(sum, sum);
        _mm_storeu_si32(out, _mm_packus_epi16(words, words));
        out += 4;
    }
}
#endif

void stretch_row(const std::uint8_t* row, int channels, const Taps& taps, std::uint8_t* out) {
    switch (channels) {
        case 1:
            return run_fastest<StretchedRow<1>>(row, &taps, out);
        case 2:
            return run_fastest<StretchedRow<2>>(row, &taps, out);
        case 3:
            return run_fastest<StretchedRow<3>>(row, &taps, out);
        default:
#if defined(__x86_64__)
            if (has_avx2()) return stretch_row_of_4(row, taps, out);
#endif
            return StretchedRow<4>::run(row, &taps, out);
    }
}

// One row of the result out of `rows`: as many as are stored, each of `count` bytes. sums: scratch
// of as many.
struct StretchedColumns {
    [[gnu::always_inline]] static void run(const std::uint8_t* rows, std::size_t count,
                                           const Taps* taps, int y, std::int32_t* __restrict sums,
                                           std::uint8_t* __restrict out) {
        const auto& place = taps->places[std::size_t(y)];
        for (std::size_t i = 0; i < count; ++i) sums[i] = kHalf;
        for (int j = 0; j < place.count; ++j) {
            const std::uint8_t* row = rows + std::size_t(place.first + j) * count;
            const std::int32_t factor = taps->weights[place.weights + std::size_t(j)];
            for (std::size_t i = 0; i < count; ++i) sums[i] += factor * row[i];
        }
        for (std::size_t i = 0; i < count; ++i) out[i] = to_byte(sums[i]);
    }
};

int premultiplied(int value, int alpha) {
    const int t = value * alpha + 128;
    return ((t >> 8) + t) >> 8;
}

// Of pixels in one number each, alpha on top.
struct Premultiplied4 {
    [[gnu::always_inline]] static void run(const std::uint8_t* __restrict from,
                                           std::uint8_t* __restrict to, std::size_t count) {
        static_assert(std::endian::native == std::endian::little);
        for (std::size_t i = 0; i < count; i += 4) {
            std::uint32_t pixel;
            std::memcpy(&pixel, from + i, sizeof pixel);
            const std::uint32_t alpha = pixel >> 24;
            std::uint32_t out = pixel & 0xFF000000U;
            for (int shift = 0; shift < 24; shift += 8) {
                const std::uint32_t t = (pixel >> shift & 255) * alpha + 128;
                out |= ((t >> 8) + t) >> 8 << shift;
            }
            std::memcpy(to + i, &out, sizeof out);
        }
    }
};

void premultiply(const std::uint8_t* from, std::uint8_t* to, std::size_t count, int channels) {
    if (channels == 4) return run_fastest<Premultiplied4>(from, to, count);
    for (std::size_t i = 0; i < count; i += 2) {
        to[i] = std::uint8_t(premultiplied(from[i], from[i + 1]));
        to[i + 1] = from[i + 1];
    }
}

void unpremultiply(std::uint8_t* pixels, std::size_t count, int channels) {
    for (std::size_t i = 0; i < count; i += channels) {
        const int alpha = pixels[i + channels - 1];
        if (alpha == 0 || alpha == 255) continue;
        for (int c = 0; c + 1 < channels; ++c) {
            pixels[i + c] = std::uint8_t(std::min(255, 255 * pixels[i + c] / alpha));
        }
    }
}

}  // namespace

Image resize_window(const Image& image, const Window& window, int width, int height, Filter filter,
                    int threads) {
    const int window_width = window.right - window.left;
    const int window_height = window.bottom - window.top;
    assert(width > 0 && height > 0 && window_width > 0 && window_height > 0);
    const bool is_copy = width == window_width && height == window_height;
    const bool has_alpha = image.channels == 2 || image.channels == 4;

    // What of the window holds pixels, in the window's own coordinates.
    const int left = std::clamp(-window.left, 0, window_width);
    const int right = std::clamp(image.width - window.left, left, window_width);
    const int top = std::clamp(-window.top, 0, window_height);
    const int bottom = std::clamp(image.height - window.top, top, window_height);

    const Taps across = make_taps(window_width, width, filter, left, right);
    const Taps down = make_taps(window_height, height, filter, top, bottom);
    Image out{width, height, image.channels, {}};
    const std::size_t count = out.row_bytes();
    out.pixels.resize(count * std::size_t(height));
    std::vector<std::uint8_t> rows(count * std::size_t(bottom - top));
    const std::size_t stored = std::size_t(right - left) * std::size_t(image.channels);

    const Bands in_bands(bottom - top, stored + count), out_bands(height, count);
    Team team(std::min(threads_for(threads), int(std::max(in_bands.count, out_bands.count))));
    team.run(in_bands.count, [&](std::size_t band) {
        std::vector<std::uint8_t> premultiplied(stored);
        for (int y = in_bands.begin(band); y < in_bands.end(band); ++y) {
            const std::uint8_t* row = image.pixels.data() +
                                      std::size_t(window.top + top + y) * image.row_bytes() +
                                      std::size_t(window.left + left) * std::size_t(image.channels);
            if (has_alpha && !is_copy) {
                premultiply(row, premultiplied.data(), stored, image.channels);
                row = premultiplied.data();
            }
            stretch_row(row, image.channels, across, rows.data() + std::size_t(y) * count);
        }
    });
    team.run(out_bands.count, [&](std::size_t band) {
        std::vector<std::int32_t> sums(count);
        for (int y = out_bands.begin(band); y < out_bands.end(band); ++y) {
            std::uint8_t* to = out.pixels.data() + std::size_t(y) * count;
            run_fastest<StretchedColumns>(rows.data(), count, &down, y, sums.data(), to);
            if (has_alpha && !is_copy) unpremultiply(to, count, image.channels);
        }
    });
    return out;
}

Image resize(const Image& image, int width, int height, Filter filter) {
    return resize_window(image, {0, 0, image.width, image.height}, width, height, filter);
}

}  // namespace generator
