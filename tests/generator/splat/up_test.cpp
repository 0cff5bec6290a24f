#include "generator/splat/export.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/spz.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using generator::Splats;
using generator::StoredSplats;

namespace {

template <class Place>
Splats shaped(Place place) {
    Splats splats = tests::cone(6000);
    std::mt19937 random(11);
    const auto number = [&] { return float(random() >> 8) / float(1 << 24) - 0.5F; };
    for (auto& position : splats.position) position = place(number(), number(), number());
    return splats;
}

std::string up_of(const Splats& splats, generator::Up up = generator::Up::y) {
    return generator::guess_up(generator::export_splats(splats, {.up = up}));
}

}  // namespace

TEST_CASE("the subnet's own assets have +y up") {
    CHECK(generator::guess_up(tests::golden_ply("gsplat/hamburger.ply")) == "y");
}

TEST_CASE("what stands broadly in TRELLIS's space is told in each convention") {
    const Splats cone = tests::cone(6000);
    CHECK(generator::guess_up(generator::store(cone)) == "z");
    CHECK(up_of(cone) == "y");
    CHECK(up_of(cone, generator::Up::trellis) == "-y");

    Splats upside_down = cone;
    for (auto& position : upside_down.position) position[2] = -position[2];
    CHECK(generator::guess_up(generator::store(upside_down)) == "-z");
}

TEST_CASE("a table stands on its legs, though its weight is above") {
    const Splats table = shaped([](float x, float y, float z) -> std::array<float, 3> {
        if (z > -0.2F) return {x, y, 0.35F + 0.05F * z};
        return {std::copysign(0.45F, x) + 0.05F * x, std::copysign(0.45F, y) + 0.05F * y,
                2.3F * z + 0.75F};
    });
    CHECK(up_of(table) == "y");
}

TEST_CASE("what looks alike from above and below is unknown") {
    CHECK(up_of(shaped([](float x, float y, float z) -> std::array<float, 3> {
              return {x, y, z};
          })) == "unknown");
    CHECK(up_of(shaped([](float x, float y, float z) -> std::array<float, 3> {
              const float r = 0.45F / std::sqrt(x * x + y * y + z * z + 1e-9F);
              return {x * r, y * r, z * r};
          })) == "unknown");
    CHECK(generator::guess_up({}) == "unknown");
    CHECK(generator::guess_up(generator::store(tests::cone(10))) == "unknown");
}

TEST_CASE("strays and what cannot be seen do not decide") {
    StoredSplats splats = generator::store(tests::cone(20'000));
    splats.position[0] = {0, 0, 40};
    splats.position[1][0] = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t i = 2; i < 1000; ++i) {
        splats.position[i][2] = 0.6F;
        splats.logit[i] = -9;
    }
    CHECK(generator::guess_up(splats) == "z");
}
