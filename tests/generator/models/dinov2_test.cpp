#include "generator/models/dinov2.hpp"

#include "tests/generator/golden.hpp"

#include <catch2/catch.hpp>

TEST_CASE("the picture encoder meets the golden features and condition", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const auto features = networks.encoder.features(golden["image_u8_hwc"]);
    if (golden.has("dino_x_prenorm")) {
        CHECK(tests::relative_error(features, golden["dino_x_prenorm"]) < tests::kTolerances.fp32);
    }
    CHECK(tests::relative_error(networks.encoder.condition(features), golden["cond"]) <
          tests::kTolerances.fp32);
}
