#include "generator/models/gaussian_decoder.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the Gaussian decoder meets the golden features and Gaussians", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    const auto features = networks.gaussian_decoder.features(golden["slat"], shape);
    CHECK(tests::relative_error(golden.stored(features, "gs_feats_voxel"), golden["gs_feats"]) <
          tests::kTolerances.fp32);

    const auto gaussians = networks.gaussian_decoder.gaussians(features, shape);
    const auto error = [&](const at::Tensor& got, const char* name) {
        const auto want = golden[name];
        return tests::relative_error(golden.stored(got, "gaussian_index").view(want.sizes()), want);
    };
    CHECK(error(gaussians.position, "xyz") < tests::kTolerances.fp32);
    CHECK(error(gaussians.colour, "features_dc") < tests::kTolerances.fp32);
    CHECK(error(gaussians.opacity, "opacity") < tests::kTolerances.fp32);
    CHECK(error(gaussians.scale, "scaling") < tests::kTolerances.fp32);
    CHECK(error(gaussians.rotation, "rotation_raw") < tests::kTolerances.fp32);
}
