#include "generator/models/clip_text.hpp"

#include "generator/models/text_encoder.hpp"
#include "generator/nano/embedded.hpp"
#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

using namespace generator;

namespace {

struct Read {
    ClipText::Config config;
    Bundle bundle;
};

Read read(const std::string& folder, at::ScalarType dtype = at::kFloat) {
    const auto files = folder_files(folder);
    const auto args = Args::parse(files->open("config.json").value(), "config.json");
    return {ClipText::Config::read(args.has("text_config") ? args.object("text_config") : args),
            Bundle(Safetensors::parse(files->open("model.safetensors").value(), "clip").value(),
                   at::kCPU, dtype)};
}

}  // namespace

TEST_CASE("the text encoder meets the golden hidden state", "[golden]") {
    const auto folder = tests::golden_text_folder();
    const tests::Golden golden(folder, "clip_golden.safetensors");
    const auto [dtype, tolerance] = GENERATE(std::pair(at::kFloat, tests::kTolerances.fp32),
                                             std::pair(at::kHalf, tests::kTolerances.fp16),
                                             std::pair(at::kBFloat16, tests::kTolerances.bf16));
    auto [config, bundle] = read(folder + "/clip", dtype);
    const ClipText network(config, bundle);
    bundle.expect_all_taken();
    CHECK(tests::relative_error(network.condition(golden["ids"]), golden["last_hidden_state"]) <
          tolerance);
}

TEST_CASE("the embedded text encoder meets its golden condition and the empty prompt's",
          "[golden]") {
    const tests::Golden golden(tests::project_path("tests/golden/nano"), "golden.safetensors",
                               "text.");
    const auto files = embedded_files();
    const auto networks = Networks::read(*files, {}, read_manifest(*files, "text_pipeline.json"));
    const auto error = [&](const char* prompt, const char* name) {
        return tests::relative_error(networks.text_encoder->condition(prompt), golden[name]);
    };
    CHECK(error("a white snowman with a green hat", "cond") < tests::kTolerances.fp32);
    CHECK(error("", "neg_cond") < tests::kTolerances.fp32);
}

TEST_CASE("the text tower of a file with both towers answers as transformers does", "[golden]") {
    const std::string folder = tests::project_path("tests/golden/hub");
    const tests::Golden golden(folder);
    auto [config, bundle] = read(folder + "/clip");
    const ClipText network(config, bundle);
    bundle.expect_all_taken();
    CHECK(tests::relative_error(network.condition(golden["ids"]), golden["last_hidden_state"]) <
          tests::kTolerances.fp32);
}

TEST_CASE("another activation, heads that do not divide and strange sizes are refused") {
    const auto refusal = [](const char* text) {
        const std::string json = text;
        try {
            ClipText::Config::read(
                Args::parse({std::as_bytes(std::span(json)), nullptr}, "config.json"));
        } catch (const Refused& refused) {
            return refused.error().detail;
        }
        return std::string();
    };
    const std::string good =
        R"("hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2)";
    CHECK(refusal(("{" + good + "}").c_str()).empty());
    CHECK(refusal(("{" + good + R"(, "hidden_act": "gelu"})").c_str()).find("'hidden_act'") !=
          std::string::npos);
    CHECK(refusal(("{" + good + R"(, "vocab_size": 0})").c_str()).find("'vocab_size'") !=
          std::string::npos);
    CHECK(refusal(R"({"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 3})")
              .find("does not divide") != std::string::npos);
}
