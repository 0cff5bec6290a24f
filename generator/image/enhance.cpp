#include "generator/image/enhance.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <charconv>

namespace generator {
namespace {

using Kind = Operation::Kind;

struct Named {
    std::string_view name;
    Kind kind;
    bool has_factor;
};
constexpr Named kOperations[] = {
    {"sharpness", Kind::sharpness, true},   {"contrast", Kind::contrast, true},
    {"brightness", Kind::brightness, true}, {"color", Kind::color, true},
    {"detail", Kind::detail, false},        {"edge_enhance", Kind::edge_enhance, false},
    {"smooth", Kind::smooth, false},
};

// The three kernels are symmetric: a centre, its four neighbours, the four corners.
struct Kernel {
    float centre, side, corner;
};

Kernel kernel(Kind kind) {
    if (kind == Kind::detail) return {10.F / 6.F, -1.F / 6.F, 0.F / 6.F};
    if (kind == Kind::edge_enhance) return {10.F / 2.F, -1.F / 2.F, -1.F / 2.F};
    return {5.F / 13.F, 1.F / 13.F, 1.F / 13.F};
}

void to_float(const std::uint8_t* from, float* to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

// One row of the filter. `step` is the distance to the neighbouring pixel; the outer pixels are
// left alone.
void filter_row(const float* below, const float* here, const float* above, const Kernel& k,
                std::size_t step, std::size_t count, std::uint8_t* out) {
    for (std::size_t i = step; i < count - step; ++i) {
        float sum = 0.5F;
        // The order of the additions decides how exact halves round.
        sum += (below[i - step] * k.corner + below[i] * k.side) + below[i + step] * k.corner;
        sum += (here[i - step] * k.side + here[i] * k.centre) + here[i + step] * k.side;
        sum += (above[i - step] * k.corner + above[i] * k.side) + above[i + step] * k.corner;
        sum = sum < 0.F ? 0.F : sum;
        sum = sum > 255.F ? 255.F : sum;
        out[i] = std::uint8_t(int(sum));
    }
}

Image filter(const Image& image, Kind kind) {
    Image out = image;
    if (image.width < 3 || image.height < 3) return out;
    const Kernel k = kernel(kind);
    const std::size_t count = image.row_bytes();
    std::vector<float> rows(3 * count);
    const auto row = [&](int y) { return &rows[std::size_t(y % 3) * count]; };
    const auto load = [&](int y) { to_float(&image.pixels[y * count], row(y), count); };
    load(0);
    load(1);
    for (int y = 1; y + 1 < image.height; ++y) {
        load(y + 1);
        filter_row(row(y + 1), row(y), row(y - 1), k, image.channels, count,
                   &out.pixels[y * count]);
    }
    return out;
}

std::uint8_t blend(int degenerate, int value, float factor) {
    float mixed = float(degenerate) + factor * float(value - degenerate);
    mixed = mixed > 0.F ? mixed : 0.F;
    mixed = mixed < 255.F ? mixed : 255.F;
    return std::uint8_t(int(mixed));
}

bool has_alpha(const Image& image) { return image.channels == 2 || image.channels == 4; }

void copy_alpha(const Image& from, Image& to) {
    if (!has_alpha(from)) return;
    const std::size_t step = from.channels;
    for (std::size_t i = step - 1; i < from.pixels.size(); i += step) to.pixels[i] = from.pixels[i];
}

int luma(const std::uint8_t* rgb) {
    return (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16;
}

// Rounded mean over all pixels.
int mean_luma(const Image& image) {
    std::int64_t sum = 0;
    const std::size_t step = image.channels;
    for (std::size_t i = 0; i < image.pixels.size(); i += step) {
        sum += step >= 3 ? luma(&image.pixels[i]) : image.pixels[i];
    }
    return int(double(sum) / double(image.pixels.size() / step) + 0.5);
}

Image sharpen(const Image& image, float factor) {
    Image out = filter(image, Kind::smooth);
    for (std::size_t i = 0; i < out.pixels.size(); ++i) {
        out.pixels[i] = blend(out.pixels[i], image.pixels[i], factor);
    }
    copy_alpha(image, out);
    return out;
}

// Contrast and brightness: the same degenerate value everywhere.
Image stretch(const Image& image, int about, float factor) {
    std::uint8_t table[256];
    for (int v = 0; v < 256; ++v) table[v] = blend(about, v, factor);
    Image out = image;
    for (auto& value : out.pixels) value = table[value];
    copy_alpha(image, out);
    return out;
}

Image colour(const Image& image, float factor) {
    Image out = image;
    if (image.channels < 3) return out;
    for (std::size_t i = 0; i < out.pixels.size(); i += image.channels) {
        const int grey = luma(&image.pixels[i]);
        for (int c = 0; c < 3; ++c) out.pixels[i + c] = blend(grey, image.pixels[i + c], factor);
    }
    return out;
}

Image apply(const Image& image, const Operation& operation) {
    if (image.pixels.empty()) return image;
    switch (operation.kind) {
        case Kind::sharpness:
            return sharpen(image, operation.factor);
        case Kind::contrast:
            return stretch(image, mean_luma(image), operation.factor);
        case Kind::brightness:
            return stretch(image, 0, operation.factor);
        case Kind::color:
            return colour(image, operation.factor);
        case Kind::detail:
        case Kind::edge_enhance:
        case Kind::smooth:
            return filter(image, operation.kind);
    }
    return image;
}

config::Error bad_operation(std::string_view text) {
    std::string expected;
    for (const auto& known : kOperations) {
        expected += (expected.empty() ? "" : ", ") + std::string(known.name);
        if (known.has_factor) expected += ":FACTOR";
    }
    return config::fail(Errc::bad_operation, "'" + std::string(text) + "'; expected one of " +
                                                 expected + " with FACTOR from 0 to 100");
}

}  // namespace

config::Result<Operation> parse_operation(std::string_view text) {
    constexpr double kHighestFactor = 100;
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    const auto* known = std::find_if(std::begin(kOperations), std::end(kOperations),
                                     [&](const Named& n) { return n.name == name; });
    if (known == std::end(kOperations)) return bad_operation(text);
    if ((colon != text.npos) != known->has_factor) return bad_operation(text);
    if (!known->has_factor) return Operation{known->kind};

    const auto digits = text.substr(colon + 1);
    double factor = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), factor);
    if (error != std::errc() || end != digits.data() + digits.size()) return bad_operation(text);
    if (!(factor >= 0 && factor <= kHighestFactor)) return bad_operation(text);
    return Operation{known->kind, float(factor)};
}

config::Result<std::vector<Operation>> parse_chain(const std::vector<std::string>& texts) {
    std::vector<Operation> chain;
    for (const auto& text : texts) {
        auto operation = parse_operation(text);
        if (!operation) return operation.error();
        chain.push_back(*operation);
    }
    return chain;
}

Image enhance(const Image& image, const std::vector<Operation>& chain) {
    Image out = image;
    for (const auto& operation : chain) out = apply(out, operation);
    return out;
}

}  // namespace generator
