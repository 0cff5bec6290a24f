#include "generator/trellis/networks.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

namespace {

const std::string kTiny = tests::project_path("tests/golden/tiny");

}  // namespace

TEST_CASE("in 16 bits every network stays near its golden output", "[golden]") {
    const auto [dtype, tolerance] = GENERATE(std::pair(at::kHalf, tests::kTolerances.fp16),
                                             std::pair(at::kBFloat16, tests::kTolerances.bf16));
    const tests::Golden golden(kTiny);
    const auto networks = tests::read_networks(kTiny, {at::kCPU, dtype});
    const double t = golden["ss_flow_t"].item<double>() / 1000;
    const auto condition = golden["cond"].to(dtype);
    const generator::SparseShape shape(golden.voxels(), at::kCPU);

    const auto features = networks.encoder->features(golden["image_u8_hwc"]);
    CHECK(tests::relative_error(networks.encoder->condition(features), golden["cond"]) < tolerance);
    const auto& structure = networks.structure_flow;
    CHECK(tests::relative_error(
              structure.velocity(golden["ss_noise"], structure.plan({t}, {condition}), 0, 1),
              golden["ss_flow_v"]) < tolerance);
    CHECK(tests::relative_error(networks.structure_decoder.logits(golden["ss_latent"]),
                                golden["ss_logits"]) < tolerance);
    const auto& latent = networks.latent_flow;
    CHECK(tests::relative_error(
              latent.velocity(golden["slat_noise"], latent.plan(shape, {t}, {condition}), 0, 1)[0],
              golden["slat_flow_v"]) < tolerance);
    CHECK(tests::relative_error(networks.gaussian_decoder.features(golden["slat"], shape),
                                golden["gs_feats"]) < tolerance);
}

TEST_CASE("every element of every weights file is counted once") {
    const auto networks = tests::read_networks(kTiny);
    std::int64_t elements = 0;
    const auto files = generator::folder_files(kTiny);
    for (const char* name : {"dinov2_tiny_reg", "ss_flow", "ss_dec", "slat_flow", "gs_dec"}) {
        const auto file = std::string("ckpts/") + name + ".safetensors";
        const auto weights = generator::Safetensors::parse(files->open(file).value(), file).value();
        for (const auto& [tensor, view] : weights.tensors()) {
            elements += std::int64_t(view.data.size() / generator::size_in_bytes(view.dtype));
        }
    }
    CHECK(networks.parameters == elements);
}
