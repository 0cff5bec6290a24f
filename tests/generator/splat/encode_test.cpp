// The fast ways out, by one call and by way of export_splats(), against the plain one: each number
// and each byte, for values in the middle between two bytes, too.
#include "generator/splat/encode.hpp"

#include "tests/generator/splat/plain_export.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/any_processor.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using generator::encode_spz;
using generator::ExportOptions;
using generator::Splats;
using generator::SpzOptions;
using generator::Up;

namespace {

void check_same(const Splats& splats, const ExportOptions& how, const SpzOptions& options = {}) {
    const auto stored = tests::plain_export(splats, how);
    const auto encoded = encode_spz(splats, how, options);
    CHECK(encoded.gaussians == std::int64_t(stored.size()));
    CHECK(encoded.spz == generator::write_spz(stored, options));
    // Whole, as libtorch has a vector's operator<< which fails to compile for vectors of arrays.
    const auto exported = generator::export_splats(splats, how);
    CHECK((exported.position == stored.position));
    CHECK((exported.colour == stored.colour));
    CHECK((exported.log_scale == stored.log_scale));
    CHECK((exported.rotation == stored.rotation));
    CHECK((exported.logit == stored.logit));
}

// Floats about a value, next to one another.
std::vector<float> about(double value) {
    constexpr int kEachSide = 30;
    auto at = float(value);
    for (int i = 0; i < kEachSide; ++i) at = std::nextafter(at, -1e30F);
    std::vector<float> values;
    for (int i = 0; i < 2 * kEachSide; ++i, at = std::nextafter(at, 1e30F)) values.push_back(at);
    return values;
}

}  // namespace

TEST_CASE("encoding gives the bytes of export and writing, whatever the options") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    const Splats splats = tests::cone(10'001);
    for (const auto up : {Up::y, Up::trellis}) {
        for (const double size : {0.0, 1.5, 0.3}) {
            for (const double margin : {-1.0, 0.0, 0.05}) {
                INFO(size << " " << margin);
                check_same(splats, {.up = up, .size = size, .margin = margin});
            }
        }
        check_same(splats, {.up = up, .centre = false, .min_opacity = 0.5});
        check_same(splats, {.up = up}, {.fraction_bits = 16, .zstd_level = 3});
        check_same(splats, {.up = up}, {.clamp_alpha = false});
    }
}

TEST_CASE("encoding leaves out what export leaves out") {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr float kMost = std::numeric_limits<float>::max();
    constexpr float kLeast = std::numeric_limits<float>::denorm_min();
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    Splats splats = tests::cone(25'000);
    const float odd[] = {kNan,
                         kInfinity,
                         -kInfinity,
                         kMost,
                         -kMost,
                         kLeast,
                         0.F,
                         -0.F,
                         -1.F,
                         1e-20F,
                         1e20F,
                         0.55F,
                         std::nextafter(0.55F, 1.F),
                         std::nextafter(0.55F, 0.F)};
    std::size_t i = 0;
    for (const float value : odd) {
        for (std::size_t c = 0; c < 3; ++c) {
            splats.position[i++ * 97][c] = value;
            splats.colour[i++ * 97][c] = value;
            splats.scale[i++ * 97][c] = value;
            splats.rotation[i++ * 97][c] = value;
        }
        splats.rotation[i++ * 97] = {value, value, value, value};
        splats.rotation[i++ * 97] = {value, 0, 0, 0};
        splats.opacity[i++ * 97] = value;
    }
    REQUIRE((i - 1) * 97 < splats.size());
    for (const double margin : {-1.0, 0.05, 1e300}) {
        for (const double min_opacity : {0.0, 1.0 / 255, 0.55}) {
            INFO("margin " << margin << ", least opacity " << min_opacity);
            check_same(splats, {.margin = margin, .min_opacity = min_opacity});
            check_same(splats, {.size = 0, .margin = margin, .min_opacity = min_opacity});
        }
    }
    const auto none = encode_spz(splats, {.min_opacity = 1e39});
    CHECK(none.gaussians == 0);
    CHECK(none.spz.empty());
    CHECK(encode_spz({}).spz.empty());
}

TEST_CASE("an opacity in the middle between two bytes gets the one that the formulas give") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    Splats splats;
    for (int b = 0; b < 255; ++b)
        for (const float opacity : about((b + 0.5) / 255)) splats.opacity.push_back(opacity);
    const std::size_t count = splats.opacity.size();
    splats.position.resize(count);
    splats.colour.resize(count);
    splats.scale.resize(count, {0.01F, 0.01F, 0.01F});
    splats.rotation.resize(count, {1, 0, 0, 0});
    check_same(splats, {.min_opacity = 0}, {.clamp_alpha = false});
}

TEST_CASE("a scale in the middle between two bytes gets the one that the formulas give") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    Splats splats = tests::cone(2);
    splats.position = {{-0.4F, 0, 0}, {0.35F, 0, 0}};
    const double zoom = 1.5 / (double(0.35F) - double(-0.4F));
    for (int b = 0; b < 255; ++b) {
        for (const float scale : about(std::exp((b + 0.5) / 16 - 10) / zoom)) {
            splats.position.push_back({});
            splats.colour.push_back({});
            splats.scale.push_back({scale, 0.01F, scale});
            splats.rotation.push_back({1, 2, 3, 4});
            splats.opacity.push_back(0.5F);
        }
    }
    check_same(splats, {});
}

TEST_CASE("a rotation in the middle between two bytes gets the one that the formulas give") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    Splats splats;
    // Before the quarter turn about x, of one whose y and z alone are in question.
    for (int b = 0; b < 255; ++b) {
        const double y = (b + 0.5 - 127.5) / 127.5, rest = std::sqrt(std::max(0.0, 1 - y * y));
        for (const float z : about(y * std::sqrt(0.5))) {
            splats.rotation.push_back(
                {float(rest * 0.8), float(-rest * 0.6), float(y * std::sqrt(0.5)), z});
            splats.rotation.push_back({0.5F, 0.5F, z, 1e-4F * z});  // w vanishes, or nearly
            splats.rotation.push_back({std::nextafter(0.5F, 1.F), -0.5F, z, z});
        }
    }
    const std::size_t count = splats.rotation.size();
    splats.position.resize(count);
    splats.colour.resize(count);
    splats.scale.resize(count, {0.01F, 0.01F, 0.01F});
    splats.opacity.resize(count, 0.5F);
    for (const auto up : {Up::y, Up::trellis}) check_same(splats, {.up = up});
}

TEST_CASE("many Gaussians are encoded the same by any number of threads, some left out or none") {
    Splats splats = tests::cone(150'000, 3);
    for (const bool all : {true, false}) {
        for (std::size_t i = 0; !all && i < splats.size(); i += 1 + i % 7) splats.opacity[i] = 0;
        const auto alone = encode_spz(splats, {}, {.threads = 1});
        CHECK((alone.gaussians == 150'000) == all);
        check_same(splats, {.threads = 7}, {.threads = 3});
        check_same(splats, {.threads = 1}, {.threads = 1});
        for (const int threads : {2, 7})
            CHECK(encode_spz(splats, {}, {.threads = threads}).spz == alone.spz);
    }
}
