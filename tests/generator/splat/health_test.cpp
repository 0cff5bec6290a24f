#include "generator/splat/health.hpp"

#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using generator::StoredSplats;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

StoredSplats healthy(std::size_t count = 7000) { return generator::store(tests::cone(count)); }

bool objects(const StoredSplats& splats, const std::string& word) {
    const auto objections = generator::validator_objections(splats);
    return objections.size() == 1 && objections[0].find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("health counts what it says") {
    StoredSplats splats = healthy(10);
    splats.logit = {-10, -10, -10, 0, 0, 0, 0, kInfinity, -kInfinity, kNan};
    for (auto& rotation : splats.rotation) rotation = {0.5F, 0.5F, 0.5F, 0.5F};
    splats.rotation[0] = {1, 0, 0, 0};
    splats.rotation[1] = {2, 0, 0, 0};  // length does not matter
    splats.rotation[2] = {-1, 0, 0,
                          0};  // the same rotation, but not what the validator compares with
    for (auto& position : splats.position) position = {0, 0, 0};
    splats.position[3] = {1, -2, 3};
    splats.position[4] = {kNan, 100, 100};
    splats.colour[3][0] = kInfinity;
    const auto health = generator::measure(splats);
    CHECK(health.gaussians == 10);
    CHECK(health.invisible == Approx(0.4));
    CHECK(health.non_finite == Approx(0.5));
    CHECK(health.infinite_opacities == Approx(0.2));
    CHECK(health.identity_rotations == Approx(0.2));
    CHECK(health.extent == std::array{1.0, 2.0, 3.0});
    CHECK(health.opacity_mean == Approx((4 * 0.5 + 1) / 9).epsilon(1e-3));
    CHECK(health.opacity_spread == Approx(std::sqrt(2.0 / 9 - 1.0 / 9)).epsilon(1e-2));
    CHECK(generator::measure(StoredSplats{}).gaussians == 0);
}

TEST_CASE("splats have the same health before they are stored, with what storing leaves out") {
    auto splats = tests::cone(1000);
    const auto stored = generator::measure(generator::store(splats));
    const auto same = generator::measure(splats);
    CHECK(same.gaussians == stored.gaussians);
    CHECK(same.opacity_mean == Approx(stored.opacity_mean).epsilon(1e-4));
    CHECK(same.opacity_spread == Approx(stored.opacity_spread).epsilon(1e-3));
    CHECK(same.identity_rotations == stored.identity_rotations);

    splats.opacity[0] = 1e-4F;
    splats.scale[1][2] = kNan;
    const auto worse = generator::measure(splats);
    CHECK(worse.invisible == Approx(same.invisible + 0.001));
    CHECK(worse.non_finite == Approx(0.001));
}

TEST_CASE("uniform opacities have no spread") {
    StoredSplats splats = healthy(100);
    std::fill(splats.logit.begin(), splats.logit.end(), 0.7F);
    CHECK(generator::measure(splats).opacity_spread == Approx(0).margin(1e-6));
}

TEST_CASE("the validator's checks are met at their limits") {
    CHECK(generator::validator_objections(healthy()).empty());
    CHECK(objects(healthy(6999), "6999 Gaussians"));

    StoredSplats faint = healthy();
    std::fill(faint.logit.begin(), faint.logit.begin() + 5600, -8.F);
    CHECK(generator::validator_objections(faint).empty());
    faint.logit[5600] = -8;
    CHECK(objects(faint, "opacities"));

    StoredSplats still = healthy();
    for (auto& rotation : still.rotation) rotation = {3, 0, 0, 0};
    CHECK(objects(still, "identity"));
    still.rotation[6999] = {1, 1e-7F, 0, 0};
    CHECK(generator::validator_objections(still).empty());

    for (const int place : {0, 1, 2, 3}) {
        StoredSplats ones = healthy();
        ones.position[place] = {1, 1.000005F, 0.999995F};
        CHECK(generator::validator_objections(ones).empty() == (place == 3));
        ones.position[place] = {1, 1.00002F, 1};
        CHECK(generator::validator_objections(ones).empty());
    }
}

TEST_CASE("what its normalisation cannot bear is an objection too") {
    StoredSplats splats = healthy();
    splats.position[6000][1] = kInfinity;
    CHECK(objects(splats, "not finite"));
    splats.position[6000][1] = kNan;
    CHECK(objects(splats, "not finite"));
    for (auto& position : splats.position) position = {0.5F, 0.5F, 0.5F};
    CHECK(objects(splats, "one place"));
    CHECK(generator::validator_objections({}).size() == 1);
}

TEST_CASE("rotations without a length fail the checks as they fail the renderer") {
    auto splats = healthy();
    for (auto& rotation : splats.rotation) rotation = {0, 0, -0.F, 0};
    CHECK(objects(splats, "all rotations are zero"));
    for (auto& rotation : splats.rotation) rotation = {kNan, 0, 0, 1};
    CHECK(objects(splats, "not finite"));
    splats.rotation[6'999] = {0, 1, 0, 0};
    CHECK(generator::validator_objections(splats).empty());
}

TEST_CASE("values that are not finite elsewhere pass the checks, as they do there") {
    StoredSplats splats = healthy();
    splats.logit[0] = kNan;
    splats.logit[1] = kInfinity;
    splats.rotation[2] = {kNan, 0, 0, 0};
    CHECK(generator::validator_objections(splats).empty());
}

TEST_CASE("the subnet's own asset passes") {
    const auto splats = tests::golden_ply("gsplat/hamburger.ply");
    CHECK(generator::validator_objections(splats).empty());
    const auto health = generator::measure(splats);
    CHECK(health.gaussians == 52'709);
    const auto seen = generator::normalise_as_validator(splats);
    CHECK(seen.zoom == Approx(1.5 / *std::max_element(health.extent.begin(), health.extent.end())));
    CHECK(seen.opacity_mean_before == Approx(health.opacity_mean));
    CHECK(seen.opacity_mean_after <= seen.opacity_mean_before);
}

TEST_CASE("the normalisation in numbers") {
    StoredSplats splats;
    splats.resize(2);
    splats.position = {{0, 0, 0}, {1, 0.5F, 0}};
    splats.logit = {0, 30};
    const auto seen = generator::normalise_as_validator(splats);
    CHECK(seen.zoom == 1.5);
    CHECK(seen.offset == Approx(0.25));
    CHECK(seen.capped_at == Approx(2.0 / 3));
    CHECK(seen.opacity_mean_before == Approx(0.75));
    CHECK(seen.opacity_mean_after == Approx(0.5));
    CHECK(seen.off_centre == Approx(std::sqrt(2 * 0.375 * 0.375)));
    CHECK(seen.box_centre[0] == Approx(0.375));
    CHECK(seen.box_centre[1] == Approx(0).margin(1e-9));
    CHECK(seen.box_centre[2] == Approx(-0.375));
}
