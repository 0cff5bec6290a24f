#include "generator/image/enhance.hpp"

#include "generator/errc.hpp"
#include "generator/image/bands.hpp"
#include "generator/image/enhance_rows.hpp"
#include "generator/parallel.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <numeric>
#include <utility>

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

Kernel kernel(Kind kind) {
    if (kind == Kind::detail) return {10.F / 6.F, -1.F / 6.F, 0.F / 6.F};
    if (kind == Kind::edge_enhance) return {10.F / 2.F, -1.F / 2.F, -1.F / 2.F};
    return {5.F / 13.F, 1.F / 13.F, 1.F / 13.F};
}

// One enhancement: the picture as it is by now, worked on in bands of rows.
class Enhancement {
public:
    Enhancement(const Image& image, int threads)
        : source_(image),
          bands_(image.height, 2 * image.row_bytes()),
          team_(std::min(threads_for(threads), int(bands_.count))) {}

    void apply(const Operation& operation) {
        switch (operation.kind) {
            case Kind::sharpness:
                return filter(Kind::smooth, &operation.factor);
            case Kind::contrast:
                return stretch(mean_luma(), operation.factor);
            case Kind::brightness:
                return stretch(0, operation.factor);
            case Kind::color:
                return colour(operation.factor);
            case Kind::detail:
            case Kind::edge_enhance:
            case Kind::smooth:
                return filter(operation.kind, nullptr);
        }
    }

    Image result() && { return is_copied_ ? std::move(image_) : source_; }

private:
    const Image& now() const { return is_copied_ ? image_ : source_; }

    template <class Work>
    void each_row(const Work& work) {
        team_.run(bands_.count, [&](std::size_t band) {
            for (int y = bands_.begin(band); y < bands_.end(band); ++y) work(y, band);
        });
    }

    void make_copy() {
        if (!is_copied_) image_ = source_;
        is_copied_ = true;
    }

    // The filtered picture; with a factor its blend with what was, which keeps alpha.
    void filter(Kind kind, const float* factor) {
        if (source_.width < 3 || source_.height < 3) return;
        const Kernel k = kernel(kind);
        const Image& from = now();
        const std::size_t count = from.row_bytes();
        Image out{from.width, from.height, from.channels, std::move(spare_)};
        out.pixels.resize(from.pixels.size());
        std::vector<std::vector<float>> scratches(bands_.count);
        each_row([&](int y, std::size_t band) {
            auto& scratch = scratches[band];
            if (scratch.empty()) scratch.resize(3 * count);
            const std::uint8_t* here = &from.pixels[std::size_t(y) * count];
            std::uint8_t* to = &out.pixels[std::size_t(y) * count];
            if (y == 0 || y + 1 == from.height) {
                std::memcpy(to, here, count);
                return;
            }
            const RowsAbout rows{here - count, here, here + count, count, from.channels};
            if (!factor) return filter_row(rows, k, scratch.data(), to);
            sharpen_row(rows, k, *factor, scratch.data(), to);
            keep_alpha(here, count, from.channels, to);
        });
        if (is_copied_) spare_ = std::move(image_.pixels);
        image_ = std::move(out);
        is_copied_ = true;
    }

    // Rounded mean over all pixels.
    int mean_luma() {
        const Image& from = now();
        std::vector<std::int64_t> sums(bands_.count);
        each_row([&](int y, std::size_t band) {
            sums[band] += sum_of_luma(&from.pixels[std::size_t(y) * from.row_bytes()],
                                      from.row_bytes(), from.channels);
        });
        const auto sum = std::accumulate(sums.begin(), sums.end(), std::int64_t(0));
        return int(double(sum) / double(from.pixels.size() / std::size_t(from.channels)) + 0.5);
    }

    // Contrast and brightness: the same degenerate value everywhere.
    void stretch(int about, float factor) {
        make_copy();
        const std::size_t count = image_.row_bytes();
        each_row([&](int y, std::size_t) {
            stretch_row(&image_.pixels[std::size_t(y) * count], count, image_.channels, about,
                        factor);
        });
    }

    void colour(float factor) {
        if (source_.channels < 3) return;
        make_copy();
        const std::size_t count = image_.row_bytes();
        each_row([&](int y, std::size_t) {
            colour_row(&image_.pixels[std::size_t(y) * count], count, image_.channels, factor);
        });
    }

    const Image& source_;
    Image image_;  // what has become of it, once something has
    bool is_copied_ = false;
    std::vector<std::uint8_t> spare_;  // memory for the next filter
    Bands bands_;
    Team team_;
};

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

Image enhance(const Image& image, const std::vector<Operation>& chain, int threads) {
    if (image.pixels.empty() || chain.empty()) return image;
    Enhancement enhancement(image, threads);
    for (const auto& operation : chain) enhancement.apply(operation);
    return std::move(enhancement).result();
}

}  // namespace generator
