#include "generator/models/structure_decoder.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the structure decoder meets the golden logits and finds the golden voxels", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const auto logits = networks.structure_decoder.logits(golden["ss_latent"]);
    if (golden.has("ss_logits")) {
        CHECK(tests::relative_error(logits, golden["ss_logits"]) < tests::kTolerances.fp32);
    }
    CHECK((generator::active_voxels(logits) == golden.voxels()));
}

TEST_CASE("a voxel is active where its logit is above zero, in ascending order") {
    auto logits = at::full({1, 1, 4, 4, 4}, -1.0F);
    logits[0][0][3][1][2] = 0.5F;
    logits[0][0][0][2][1] = 0.5F;
    logits[0][0][1][1][1] = 0.0F;
    CHECK(
        (generator::active_voxels(logits) == std::vector<generator::Voxel>{{0, 2, 1}, {3, 1, 2}}));
}
