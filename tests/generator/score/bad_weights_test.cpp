#include "generator/score/scorer.hpp"

#include "generator/score/sizes.hpp"
#include "tests/generator/layer_weights.hpp"
#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using namespace generator;
using tests::AlteredWeights;

namespace {

const std::string kTiny = tests::project_path("tests/golden/scorer/tiny");

// Of opening, then of a prompt and a picture; the first that goes wrong.
config::Error fault_of(const AlteredWeights& altered) {
    auto scorer = open_published_scorer(tests::score_options(altered.path()));
    if (!scorer) return scorer.error();
    const auto words = (*scorer)->ask(Prompt{"chair"});
    if (!words) return words.error();
    const auto picture = (*scorer)->ask(Image{1, 1, 3, {1, 2, 3}});
    return picture ? config::Error{} : picture.error();
}

void check_names(const config::Error& error, const std::string& file, const std::string& tensor) {
    INFO(error.message());
    CHECK_THAT(error.detail, Catch::Contains(file) && Catch::Contains(tensor));
}

struct Part {
    const char *file, *tensor, *misnamed;
};
constexpr Part kParts[] = {
    {"quality/model.safetensors", "encoder.layer.1.norm1.weight", "encoder.layer.1.norn1.weight"},
    {"quality/quality_scorer.safetensors", "score_head.weight", "score_heap.weight"},
    {"text/open_clip_model.safetensors", "visual.trunk.stages.2.blocks.1.gamma",
     "visual.trunk.stages.2.blocks.1.gemma"},
    {"text/open_clip_model.safetensors", "transformer.resblocks.1.attn.in_proj_bias",
     "transformer.resblocks.1.attn.in_prof_bias"},
    {"picture/model.safetensors", "vision_model.pre_layrnorm.bias",
     "vision_model.pre_layernrm.bia"},
    {"lpips/alexnet.safetensors", "features.6.bias", "features.7.bias"},
    {"lpips/lin.safetensors", "lin4.model.1.weight", "lin9.model.1.weight"},
};

}  // namespace

TEST_CASE("misnamed tensors are named with their file") {
    for (const auto& [file, tensor, misnamed] : kParts) {
        INFO(file << " " << tensor);
        const AlteredWeights altered(kTiny);
        // The backbone's tensors are in both files; without the tuned one's the base's is asked
        // for.
        if (std::string(file) == "quality/model.safetensors")
            altered.rename("quality/quality_scorer.safetensors", "backbone." + std::string(tensor),
                           "backbone." + std::string(misnamed));
        std::string to = misnamed;
        to.resize(std::strlen(tensor), '_');
        altered.rename(file, tensor, to);
        const auto error = fault_of(altered);
        CHECK(error.code == Errc::missing_tensor);
        check_names(error, file, tensor);
    }
}

TEST_CASE("files that are cut short or gone are named") {
    for (const auto& part : kParts) {
        INFO(part.file);
        const AlteredWeights cut(kTiny);
        cut.change(part.file, [](auto& bytes) { bytes.resize(bytes.size() - 7); });
        const auto error = fault_of(cut);
        CHECK(error.code == Errc::bad_checkpoint);
        check_names(error, part.file, "");

        const AlteredWeights gone(kTiny);
        gone.remove(part.file);
        const auto missing = fault_of(gone);
        CHECK(missing.code == Errc::missing_file);
        check_names(missing, part.file, "");
    }
    for (const auto* file :
         {"quality/config.json", "text/open_clip_config.json", "picture/config.json"}) {
        const AlteredWeights gone(kTiny);
        gone.remove(file);
        CHECK(fault_of(gone).code == Errc::missing_file);
        check_names(fault_of(gone), file, "");
    }
    CHECK(open_published_scorer(tests::score_options("/nowhere")).error().code ==
          Errc::missing_file);
}

TEST_CASE("weights that are no numbers are refused by their names") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const auto& [file, tensor, misnamed] : kParts) {
        INFO(file << " " << tensor);
        const AlteredWeights altered(kTiny);
        altered.set(file, tensor, nan);
        if (std::string(file) == "quality/model.safetensors") {
            CHECK_FALSE(fault_of(altered).code);  // the tuned file's is taken
            continue;
        }
        const auto error = fault_of(altered);
        CHECK(error.code == Errc::bad_checkpoint);
        check_names(error, file, tensor);
    }
}

TEST_CASE("a tuned tensor of another shape is refused in the tuned file's name") {
    const AlteredWeights altered(kTiny);
    altered.change("quality/quality_scorer.safetensors", [](auto& bytes) {
        std::string text(bytes.begin(), bytes.end());
        const auto at = text.find("[1,1,48]", text.find("backbone.embeddings.cls_token"));
        REQUIRE(at != std::string::npos);
        text.replace(at, 8, "[48,1,1]");
        bytes.assign(text.begin(), text.end());
    });
    const auto error = fault_of(altered);
    CHECK(error.code == Errc::misshapen_tensor);
    check_names(error, "quality_scorer.safetensors", "backbone.embeddings.cls_token");
}

TEST_CASE("input sizes and heads that do not fit are refused") {
    const auto with = [](const std::string& file, const std::string& text) {
        const AlteredWeights altered(kTiny);
        altered.change(file, [&](auto& bytes) { bytes.assign(text.begin(), text.end()); });
        return fault_of(altered);
    };
    CHECK_THAT(with("scorer.json", R"({"sizes": {"quality": 518}})").detail,
               Catch::Contains("quality/model.safetensors") && Catch::Contains("518"));
    CHECK_THAT(with("scorer.json", R"({"sizes": {"quality": 70, "lpips": 8}})").detail,
               Catch::Contains("'lpips'"));
    CHECK_THAT(with("scorer.json", R"({"sizes": {"quality": 1000000}})").detail,
               Catch::Contains("'quality'"));
    CHECK_THAT(with("scorer.json", "{").detail, Catch::Contains("scorer.json"));
    CHECK_THAT(with("quality/config.json", R"({"num_attention_heads": 5})").detail,
               Catch::Contains("does not divide"));
    CHECK_THAT(
        with("quality/config.json", R"({"num_attention_heads": 4, "use_swiglu_ffn": true})").detail,
        Catch::Contains("use_swiglu_ffn"));
    CHECK_THAT(with("picture/config.json",
                    R"({"vision_config": {"num_attention_heads": 4, "hidden_act": "relu"}})")
                   .detail,
               Catch::Contains("hidden_act"));
    CHECK_THAT(
        with("text/open_clip_config.json", R"({"model_cfg": {"text_cfg": {"heads": 0}}})").detail,
        Catch::Contains("'heads'"));
}

TEST_CASE("sizes that tensors tell are bounded") {
    const auto file = [](const std::string& header, std::size_t bytes) {
        auto content = std::make_shared<std::vector<std::byte>>(8 + header.size() + bytes);
        const std::uint64_t length = header.size();
        std::memcpy(content->data(), &length, 8);
        std::memcpy(content->data() + 8, header.data(), header.size());
        return Safetensors::parse({*content, content}, "x.safetensors").value();
    };
    const auto weights =
        file(R"({"none":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},)"
             R"("wide":{"dtype":"F32","shape":[0,1073741824],"data_offsets":[0,0]},)"
             R"("b.0.w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
             R"("b.1.w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
             R"("b.3.w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
             12);
    const TensorSizes sizes(weights);
    const auto refusal = [&](auto act) -> std::string {
        try {
            act();
        } catch (const Refused& refused) {
            return refused.error().detail;
        }
        return "";
    };
    CHECK(sizes.count("b.") == 2);  // up to the gap
    CHECK(sizes.shape("b.0.w", 1) == std::vector<std::int64_t>{1});
    CHECK(refusal([&] { sizes.shape("none", 2); }) == "x.safetensors: none has a side of 0");
    CHECK_THAT(refusal([&] { sizes.shape("wide", 2); }), Catch::Contains("wide has a side"));
    CHECK_THAT(refusal([&] { sizes.shape("b.0.w", 2); }),
               Catch::Contains("has 1 dimensions, not 2"));
    CHECK_THAT(refusal([&] { sizes.shape("absent", 2); }), Catch::Contains("absent"));
    CHECK_THAT(refusal([&] { sizes.count("c."); }), Catch::Contains("c.0.*"));
    CHECK(sizes.patches_along("b.0.w", 26) == 5);
    for (const auto rows : {0, 1, 3, 27})
        CHECK_THAT(refusal([&] { sizes.patches_along("b.0.w", rows); }),
                   Catch::Contains("not one more than a square"));
}
