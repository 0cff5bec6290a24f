#include "generator/models/dinov2.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

TEST_CASE("the picture encoder meets the golden features and condition", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const auto features = networks.encoder->features(golden["image_u8_hwc"]);
    if (golden.has("dino_x_prenorm")) {
        CHECK(tests::relative_error(features, golden["dino_x_prenorm"]) < tests::kTolerances.fp32);
    }
    CHECK(tests::relative_error(networks.encoder->condition(features), golden["cond"]) <
          tests::kTolerances.fp32);
}

TEST_CASE("the picture encoder under the hub's names answers as transformers does", "[golden]") {
    const std::string folder = tests::project_path("tests/golden/hub");
    const tests::Golden golden(folder);
    const auto files = generator::folder_files(folder + "/dinov2");
    const auto config = generator::DinoV2::Config::read(
        generator::Args::parse(files->open("config.json").value(), "config.json"));
    generator::Bundle bundle(
        generator::Safetensors::parse(files->open("model.safetensors").value(), "dinov2").value(),
        at::kCPU, at::kFloat);
    const generator::DinoV2 network(config, bundle);
    bundle.expect_all_taken();
    CHECK(tests::relative_error(network.features(golden["image_u8_hwc"]),
                                golden["dino_x_prenorm"]) < tests::kTolerances.fp32);
}

TEST_CASE("what makes another picture encoder of the hub's is refused") {
    const auto refusal = [](const std::string& more) {
        const std::string json =
            R"({"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2)" + more + "}";
        try {
            generator::DinoV2::Config::read(
                generator::Args::parse({std::as_bytes(std::span(json)), nullptr}, "config.json"));
        } catch (const generator::Refused& refused) {
            return refused.error().detail;
        }
        return std::string();
    };
    CHECK(refusal("").empty());
    CHECK(refusal(R"(, "use_swiglu_ffn": true)").find("use_swiglu_ffn") != std::string::npos);
    CHECK(refusal(R"(, "hidden_act": "relu")").find("hidden_act") != std::string::npos);
    CHECK(refusal(R"(, "qkv_bias": false)").find("qkv_bias") != std::string::npos);
    CHECK(refusal(R"(, "image_size": 7)").find("patch_size") != std::string::npos);
}
