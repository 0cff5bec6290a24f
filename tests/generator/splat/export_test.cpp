// Every option of the export is shown by what a validator makes of the result: written as SPZ, read
// as its decoder does, put through its normalisation.
#include "generator/splat/export.hpp"

#include "generator/splat/health.hpp"
#include "generator/splat/scene.hpp"
#include "generator/splat/spz.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <limits>

using generator::ExportOptions;
using generator::Splats;
using generator::StoredSplats;
using generator::Up;

namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

StoredSplats as_received(const Splats& splats, const ExportOptions& options,
                         int fraction_bits = 14) {
    const auto stored = generator::export_splats(splats, options);
    return generator::read_spz_as_validator(
               generator::write_spz(stored, {.fraction_bits = fraction_bits}))
        .value();
}

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix out{};
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
            for (int k = 0; k < 3; ++k) out[i][j] += a[i][k] * b[k][j];
        }
    }
    return out;
}

Matrix transposed(const Matrix& m) {
    Matrix out{};
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) out[i][j] = m[j][i];
    }
    return out;
}

// R S S^T R^T
Matrix covariance(const std::array<float, 4>& q, const std::array<double, 3>& deviations) {
    const double n = std::sqrt(double(q[0]) * q[0] + double(q[1]) * q[1] + double(q[2]) * q[2] +
                               double(q[3]) * q[3]);
    const double w = q[0] / n, x = q[1] / n, y = q[2] / n, z = q[3] / n;
    Matrix m{{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
              {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
              {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
    for (auto& row : m) {
        for (int c = 0; c < 3; ++c) row[c] *= deviations[c];
    }
    return product(m, transposed(m));
}

double largest_side(const std::vector<std::array<float, 3>>& points) {
    double side = 0;
    for (int c = 0; c < 3; ++c) {
        const auto [low, high] = std::minmax_element(points.begin(), points.end(),
                                                     [&](auto& a, auto& b) { return a[c] < b[c]; });
        side = std::max(side, double((*high)[c]) - (*low)[c]);
    }
    return side;
}

// Nothing but the axes.
ExportOptions bare(Up up) {
    return {.up = up, .size = 0, .centre = false, .margin = -1, .min_opacity = 0};
}

}  // namespace

TEST_CASE("TRELLIS's top is the validator's top, and TRELLIS's own convention is its save_ply") {
    const Splats splats = tests::cone(500);
    const auto up = generator::export_splats(splats, bare(Up::y));
    const auto own = generator::export_splats(splats, bare(Up::trellis));
    const auto stored = generator::store(splats);
    REQUIRE(up.size() == 500);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const auto [x, y, z] = splats.position[i];
        REQUIRE(up.position[i] == std::array{x, z, -y});
        REQUIRE(own.position[i] == std::array{x, -z, y});
    }
    CHECK(own.colour == stored.colour);
    CHECK(own.log_scale == stored.log_scale);
    CHECK(own.logit == stored.logit);

    // The tip of the cone, highest in TRELLIS's z, is seen at the top with +y up, and at the bottom
    // otherwise.
    const auto tip = std::max_element(splats.position.begin(), splats.position.end(),
                                      [](auto& a, auto& b) { return a[2] < b[2]; }) -
                     splats.position.begin();
    CHECK(generator::validator_scene(as_received(splats, {})).mean[tip][1] > 0.6);
    CHECK(generator::validator_scene(as_received(splats, {.up = Up::trellis})).mean[tip][1] < -0.6);
}

TEST_CASE("rotations turn with the positions, so covariances agree") {
    const Splats splats = tests::cone(200);
    const Matrix up{{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}}}, own{{{1, 0, 0}, {0, 0, -1}, {0, 1, 0}}};
    for (const auto& [which, turn] : {std::pair{Up::y, up}, {Up::trellis, own}}) {
        const auto out = generator::export_splats(splats, bare(which));
        for (std::size_t i = 0; i < splats.size(); ++i) {
            const auto& s = splats.scale[i];
            const Matrix before = covariance(splats.rotation[i], {s[0], s[1], s[2]});
            const Matrix expected = product(product(turn, before), transposed(turn));
            const auto& l = out.log_scale[i];
            const Matrix after = covariance(
                out.rotation[i],
                {std::exp(double(l[0])), std::exp(double(l[1])), std::exp(double(l[2]))});
            const auto& q = out.rotation[i];
            REQUIRE(std::abs(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3] - 1) < 1e-6);
            for (int r = 0; r < 3; ++r) {
                for (int c = 0; c < 3; ++c) REQUIRE(std::abs(after[r][c] - expected[r][c]) < 1e-9);
            }
        }
    }
}

TEST_CASE("size 1.5 keeps the opacities, size 1 caps them at two thirds") {
    Splats splats = tests::cone(8000);
    std::fill(splats.opacity.begin(), splats.opacity.end(), 0.9F);
    const auto large = generator::normalise_as_validator(as_received(splats, {}));
    CHECK(large.zoom == Approx(1).margin(1e-4));
    CHECK(large.capped_at == Approx(1).margin(1e-4));
    CHECK(large.opacity_mean_after == Approx(0.9).margin(0.002));
    const auto unit = generator::normalise_as_validator(as_received(splats, {.size = 1}));
    CHECK(unit.capped_at == Approx(0.667).margin(1e-3));
    CHECK(unit.opacity_mean_after == Approx(0.6).margin(0.002));
}

TEST_CASE("sizes change positions and scales alike") {
    const Splats splats = tests::cone(300);
    const auto raw = generator::export_splats(splats, bare(Up::y));
    ExportOptions doubled = bare(Up::y);
    doubled.size = 2 * largest_side(raw.position);
    const auto twice = generator::export_splats(splats, doubled);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        for (int c = 0; c < 3; ++c) {
            REQUIRE(tests::near(twice.position[i][c], 2 * raw.position[i][c], 1e-6));
            REQUIRE(tests::near(twice.log_scale[i][c], raw.log_scale[i][c] + std::log(2.F), 1e-5));
        }
    }
}

TEST_CASE("centring each axis removes what the validator's one mean leaves") {
    Splats splats = tests::cone(8000);
    for (auto& position : splats.position) position[0] *= 0.3F, position[0] += 0.3F;
    const auto off = generator::normalise_as_validator(as_received(splats, {.centre = false}));
    CHECK(off.off_centre > 0.3);
    const auto centred = generator::normalise_as_validator(as_received(splats, {}));
    CHECK(centred.off_centre < 1e-3);
    CHECK(std::abs(centred.offset) < 1e-4);
}

TEST_CASE("one stray Gaussian shrinks the whole object unless it is left out") {
    Splats splats = tests::cone(8000);
    splats.position[5000] = {0, 0, 3};
    const auto with = generator::validator_scene(as_received(splats, {.margin = -1}));
    const auto without = generator::validator_scene(as_received(splats, {}));
    CHECK(with.mean.size() == 8000);
    CHECK(without.mean.size() == 7999);
    const auto object = [](const generator::Scene& scene, std::size_t count) {
        return largest_side({scene.mean.begin(), scene.mean.begin() + count});
    };
    CHECK(object(with, 5000) < 0.45);
    CHECK(object(without, 5000) > 1.49);

    // The margin is counted from the unit cube.
    splats.position[5000] = {0, 0, 0.54F};
    CHECK(generator::export_splats(splats, {}).size() == 8000);
    CHECK(generator::export_splats(splats, {.margin = 0.03}).size() == 7999);
}

TEST_CASE("Gaussians that cannot be seen are left out, and do not count for the box") {
    Splats splats = tests::cone(8000);
    for (std::size_t i = 0; i < 7500; ++i) splats.opacity[i] = 0.0005F;
    splats.position[0] = {0.5F, 0.5F, 0.5F};
    CHECK(generator::validator_objections(as_received(splats, {.min_opacity = 0})).empty());
    const auto all = generator::export_splats(splats, {.min_opacity = 0});
    CHECK(all.size() == 8000);
    const auto seen = generator::export_splats(splats, {});
    CHECK(seen.size() == 500);
    CHECK(largest_side(seen.position) == Approx(1.5).margin(1e-6));
}

TEST_CASE("saturated opacities arrive finite and nearly as they were") {
    Splats splats = tests::cone(100);
    splats.opacity[0] = 1;
    splats.opacity[1] = 0;
    const auto read = as_received(splats, {.min_opacity = 0});
    CHECK(generator::measure(read).non_finite == 0);
    const auto scene = generator::validator_scene(read);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        REQUIRE(std::abs(scene.opacity[i] - splats.opacity[i]) < 1.6 / 255);
    }
}

TEST_CASE("more fraction bits bring the seen positions nearer to those generated") {
    const Splats splats = tests::cone(3000);
    const auto exact = generator::export_splats(splats, {});
    const auto worst = [&](int bits) {
        const auto scene = generator::validator_scene(as_received(splats, {}, bits));
        float error = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            for (int c = 0; c < 3; ++c) {
                error = std::max(error, std::abs(scene.mean[i][c] - exact.position[i][c]));
            }
        }
        return error;
    };
    CHECK(worst(12) > 1e-4);
    CHECK(worst(14) < 6e-5);
    CHECK(worst(16) < worst(14));
}

TEST_CASE("what is not finite is always left out") {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    Splats splats = tests::cone(20);
    splats.position[0][1] = kNan;
    splats.position[1][2] = -kInfinity;
    splats.colour[2][0] = kInfinity;
    splats.scale[3][1] = kNan;
    splats.scale[4][1] = 0;
    splats.scale[5][2] = -0.1F;
    splats.rotation[6][3] = kInfinity;
    splats.rotation[7] = {0, 0, 0, 0};
    splats.opacity[8] = kNan;
    const auto out = generator::export_splats(splats, bare(Up::y));
    CHECK(out.size() == 11);
    CHECK(out.position[0] == generator::export_splats(tests::cone(20), bare(Up::y)).position[9]);
    CHECK(generator::measure(out).non_finite == 0);
}

TEST_CASE("after all steps the box has the size asked for") {
    Splats splats = tests::cone(9000);
    splats.position[10] = {2, 2, 2};
    splats.opacity[11] = 0;
    splats.position[12][0] = std::numeric_limits<float>::quiet_NaN();
    for (const double size : {0.5, 1.0, 1.5, 2.0}) {
        const auto out = generator::export_splats(splats, {.size = size});
        CHECK(out.size() == 8997);
        CHECK(largest_side(out.position) == Approx(size).epsilon(3e-7));
    }
    CHECK(generator::validator_objections(as_received(splats, {})).empty());
}

TEST_CASE("nothing, or nothing that may leave, is empty") {
    CHECK(generator::export_splats({}).size() == 0);
    Splats splats = tests::cone(3);
    splats.opacity = {0, 0, 0};
    CHECK(generator::export_splats(splats).size() == 0);
    const auto one = generator::export_splats(tests::cone(1));
    REQUIRE(one.size() == 1);
    CHECK(one.position[0] == std::array{0.F, 0.F, 0.F});
}

TEST_CASE("settings become options") {
    config::Export settings;
    auto options = generator::export_options(settings);
    CHECK(options.up == Up::y);
    CHECK(options.size == 1.5);
    CHECK(options.centre);
    settings.up = "trellis";
    settings.size = 0;
    settings.centre = false;
    settings.margin = -1;
    settings.min_opacity = 0;
    options = generator::export_options(settings);
    CHECK(options.up == Up::trellis);
    CHECK(options.size == 0);
    CHECK_FALSE(options.centre);
    CHECK(options.margin == -1);
    CHECK(options.min_opacity == 0);
}

TEST_CASE("what TRELLIS's own convention carries comes back as it was") {
    const auto splats = tests::cone(1000);
    for (const auto up : {Up::y, Up::trellis}) {
        const ExportOptions as_made{
            .up = up, .size = 0, .centre = false, .margin = -1, .min_opacity = 0};
        const auto back = generator::import_splats(generator::export_splats(splats, as_made), up);
        REQUIRE(back.size() == splats.size());
        for (std::size_t i = 0; i < splats.size(); ++i) {
            CHECK(back.position[i] == splats.position[i]);
            CHECK(back.colour[i] == splats.colour[i]);
            CHECK(back.opacity[i] == Approx(splats.opacity[i]).epsilon(1e-5));
            const auto& was = splats.rotation[i];
            const float length =
                std::sqrt(was[0] * was[0] + was[1] * was[1] + was[2] * was[2] + was[3] * was[3]);
            for (int c = 0; c < 4; ++c)
                CHECK(back.rotation[i][c] == Approx(was[c] / length).margin(1e-6));
            for (int c = 0; c < 3; ++c)
                CHECK(back.scale[i][c] == Approx(splats.scale[i][c]).epsilon(1e-5));
        }
    }
}
