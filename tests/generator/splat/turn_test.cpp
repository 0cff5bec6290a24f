// Gaussians turned about x, as between files with another way up.
#include "generator/splat/turn.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <cmath>

using generator::UpAxis;

namespace {

generator::StoredSplats some(int degree = 0) { return tests::stored_cone(400, degree); }

std::array<float, 3> rotated(const std::array<float, 4>& q, const std::array<float, 3>& v) {
    const auto [w, x, y, z] = q;
    return {
        (1 - 2 * (y * y + z * z)) * v[0] + 2 * (x * y - w * z) * v[1] + 2 * (x * z + w * y) * v[2],
        2 * (x * y + w * z) * v[0] + (1 - 2 * (x * x + z * z)) * v[1] + 2 * (y * z - w * x) * v[2],
        2 * (x * z - w * y) * v[0] + 2 * (y * z + w * x) * v[1] + (1 - 2 * (x * x + y * y)) * v[2]};
}

// What the harmonics of degrees 1 to 3 of Gaussian 0's green add towards there, with the constants
// of KHR_gaussian_splatting.
double seen(const generator::StoredSplats& splats, const std::array<double, 3>& towards) {
    const auto [x, y, z] = towards;
    const double basis[] = {-0.4886025 * y,
                            0.4886025 * z,
                            -0.4886025 * x,
                            1.0925484 * x * y,
                            -1.0925484 * y * z,
                            0.3153916 * (2 * z * z - x * x - y * y),
                            -1.0925484 * x * z,
                            0.5462742 * (x * x - y * y),
                            -0.5900436 * y * (3 * x * x - y * y),
                            2.8906114 * x * y * z,
                            -0.4570458 * y * (4 * z * z - x * x - y * y),
                            0.3731763 * z * (2 * z * z - 3 * x * x - 3 * y * y),
                            -0.4570458 * x * (4 * z * z - x * x - y * y),
                            1.4453057 * z * (x * x - y * y),
                            -0.5900436 * x * (x * x - 3 * y * y)};
    double sum = 0;
    for (std::size_t k = 0; k < 15; ++k) sum += basis[k] * splats.harmonics[15 + k];
    return sum;
}

}  // namespace

TEST_CASE("half a turn about x turns places and rotations alike, and twice is nothing") {
    const auto before = some(3);
    auto after = before;
    generator::turn_half(after);
    const std::array<float, 3> along{0.3F, -0.4F, 0.5F};
    for (std::size_t i = 0; i < before.size(); ++i) {
        REQUIRE(after.position[i][0] == before.position[i][0]);
        REQUIRE(after.position[i][1] == -before.position[i][1]);
        REQUIRE(after.position[i][2] == -before.position[i][2]);
        const auto was = rotated(before.rotation[i], along), is = rotated(after.rotation[i], along);
        REQUIRE(is[0] == Approx(was[0]).margin(1e-5));
        REQUIRE(is[1] == Approx(-was[1]).margin(1e-5));
        REQUIRE(is[2] == Approx(-was[2]).margin(1e-5));
    }
    generator::turn_half(after);
    CHECK((after.position == before.position));
    CHECK((after.harmonics == before.harmonics));
    // The same rotation by the other of its two quaternions.
    for (std::size_t i = 0; i < before.size(); ++i)
        for (int c = 0; c < 4; ++c) REQUIRE(after.rotation[i][c] == -before.rotation[i][c]);
}

TEST_CASE("harmonics shine the same way after a turn, seen from where they were") {
    const auto before = some(3);
    const int quarters = GENERATE(1, 2, 3, -1, -2);
    auto after = before;
    generator::turn_about_x(after, quarters);
    for (const std::array<double, 3> from :
         {std::array{0.6, 0.48, 0.64}, std::array{-0.36, -0.48, -0.8}, std::array{0.8, 0.6, 0.0}}) {
        auto to = from;
        for (int i = 0; i < (quarters & 3); ++i) to = {to[0], -to[2], to[1]};
        CHECK(seen(after, to) == Approx(seen(before, from)).margin(1e-6));
        CHECK(std::abs(seen(before, from)) > 1e-3);
    }
}

TEST_CASE("a quarter turn brings one axis to the next, and back again") {
    CHECK(generator::quarter_turns(UpAxis::plus_z, UpAxis::plus_y) == -1);
    CHECK(generator::quarter_turns(UpAxis::plus_z, UpAxis::minus_y) == 1);
    CHECK(std::abs(generator::quarter_turns(UpAxis::plus_y, UpAxis::minus_y)) == 2);
    const auto before = some(4);
    auto after = before;
    generator::turn_about_x(after, 1);
    const std::array<float, 3> along{0.3F, -0.4F, 0.5F};
    for (std::size_t i = 0; i < before.size(); ++i) {
        // What was up, z, is -y.
        const auto& p = before.position[i];
        REQUIRE((after.position[i] == std::array{p[0], -p[2], p[1]}));
        const auto was = rotated(before.rotation[i], along), is = rotated(after.rotation[i], along);
        REQUIRE(is[0] == Approx(was[0]).margin(1e-5));
        REQUIRE(is[1] == Approx(-was[2]).margin(1e-5));
        REQUIRE(is[2] == Approx(was[1]).margin(1e-5));
    }
    auto twice = after, half = before;
    generator::turn_about_x(twice, 1);
    generator::turn_half(half);
    generator::turn_about_x(after, -1);
    CHECK((after.position == before.position));
    CHECK((twice.position == half.position));
    for (std::size_t i = 0; i < before.harmonics.size(); ++i) {
        REQUIRE(after.harmonics[i] == Approx(before.harmonics[i]).margin(1e-6));
        REQUIRE(twice.harmonics[i] == Approx(half.harmonics[i]).margin(1e-6));
    }
}
