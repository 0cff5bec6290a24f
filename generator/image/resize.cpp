#include "generator/image/resize.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

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

template <int Channels>
void stretch_row(const std::uint8_t* row, const Taps& taps, std::uint8_t* out) {
    for (const auto& place : taps.places) {
        std::int32_t sums[Channels];
        for (auto& sum : sums) sum = kHalf;
        const std::uint8_t* from = row + std::ptrdiff_t(place.first) * Channels;
        const std::int32_t* weights = taps.weights.data() + place.weights;
        for (int j = 0; j < place.count; ++j, from += Channels) {
            for (int c = 0; c < Channels; ++c) sums[c] += weights[j] * from[c];
        }
        for (int c = 0; c < Channels; ++c) *out++ = to_byte(sums[c]);
    }
}

void stretch_row(const std::uint8_t* row, int channels, const Taps& taps, std::uint8_t* out) {
    switch (channels) {
        case 1:
            return stretch_row<1>(row, taps, out);
        case 2:
            return stretch_row<2>(row, taps, out);
        case 3:
            return stretch_row<3>(row, taps, out);
        default:
            return stretch_row<4>(row, taps, out);
    }
}

void add_row(std::int32_t* sums, const std::uint8_t* row, std::int32_t factor, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sums[i] += factor * row[i];
}

// rows: as many as are stored, each of `count` bytes.
void stretch_columns(const std::vector<std::uint8_t>& rows, std::size_t count, const Taps& taps,
                     std::uint8_t* out) {
    std::vector<std::int32_t> sums(count);
    for (const auto& place : taps.places) {
        std::fill(sums.begin(), sums.end(), kHalf);
        for (int j = 0; j < place.count; ++j) {
            add_row(sums.data(), &rows[(place.first + j) * count], taps.weights[place.weights + j],
                    count);
        }
        for (std::size_t i = 0; i < count; ++i) out[i] = to_byte(sums[i]);
        out += count;
    }
}

void premultiply(const std::uint8_t* from, std::uint8_t* to, std::size_t count, int channels) {
    for (std::size_t i = 0; i < count; i += channels) {
        const int alpha = from[i + channels - 1];
        for (int c = 0; c + 1 < channels; ++c) {
            const int t = from[i + c] * alpha + 128;
            to[i + c] = std::uint8_t(((t >> 8) + t) >> 8);
        }
        to[i + channels - 1] = std::uint8_t(alpha);
    }
}

void unpremultiply(std::vector<std::uint8_t>& pixels, int channels) {
    for (std::size_t i = 0; i < pixels.size(); i += channels) {
        const int alpha = pixels[i + channels - 1];
        if (alpha == 0 || alpha == 255) continue;
        for (int c = 0; c + 1 < channels; ++c) {
            pixels[i + c] = std::uint8_t(std::min(255, 255 * pixels[i + c] / alpha));
        }
    }
}

}  // namespace

Image resize_window(const Image& image, const Window& window, int width, int height,
                    Filter filter) {
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
    out.pixels.resize(out.row_bytes() * height);
    std::vector<std::uint8_t> rows(out.row_bytes() * (bottom - top));
    const std::size_t stored = std::size_t(right - left) * image.channels;
    std::vector<std::uint8_t> premultiplied(stored);
    for (int y = top; y < bottom; ++y) {
        const std::uint8_t* row = image.pixels.data() + (window.top + y) * image.row_bytes() +
                                  std::size_t(window.left + left) * image.channels;
        if (has_alpha && !is_copy) {
            premultiply(row, premultiplied.data(), stored, image.channels);
            row = premultiplied.data();
        }
        stretch_row(row, image.channels, across, &rows[(y - top) * out.row_bytes()]);
    }
    stretch_columns(rows, out.row_bytes(), down, out.pixels.data());
    if (has_alpha && !is_copy) unpremultiply(out.pixels, image.channels);
    return out;
}

Image resize(const Image& image, int width, int height, Filter filter) {
    return resize_window(image, {0, 0, image.width, image.height}, width, height, filter);
}

}  // namespace generator
