#include "weights/model_plan.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using weights::files_of_model;

namespace {

// As published, less what Gaussians do not need.
const std::string kImage = R"({"name": "TrellisImageTo3DPipeline", "args": {"models": {
    "sparse_structure_decoder": "ckpts/ss_dec_conv3d_16l8_fp16",
    "sparse_structure_flow_model": "ckpts/ss_flow_img_dit_L_16l8_fp16",
    "slat_decoder_gs": "ckpts/slat_dec_gs_swin8_B_64l8gs32_fp16",
    "slat_decoder_mesh": "ckpts/slat_dec_mesh_swin8_B_64l8m256c_fp16",
    "slat_flow_model": "ckpts/slat_flow_img_dit_L_64l8p2_fp16"},
    "image_cond_model": "dinov2_vitl14_reg"}})";

const std::string kText = R"({"args": {"models": {
    "sparse_structure_decoder": "microsoft/TRELLIS-image-large/ckpts/ss_dec_conv3d_16l8_fp16",
    "sparse_structure_flow_model": "ckpts/ss_flow_txt_dit_XL_16l8_fp16",
    "slat_decoder_gs": "microsoft/TRELLIS-image-large/ckpts/slat_dec_gs_swin8_B_64l8gs32_fp16",
    "slat_flow_model": "ckpts/slat_flow_txt_dit_XL_64l8p2_fp16"},
    "text_cond_model": "openai/clip-vit-large-patch14"}})";

std::string refusal(std::string pipeline, const std::string& what, const std::string& by) {
    pipeline.replace(pipeline.find(what), what.size(), by);
    const auto wanted = files_of_model("o/n", pipeline);
    REQUIRE(wanted.has_error());
    CHECK(wanted.error().code == network::Errc::malformed);
    return wanted.error().detail;
}

}  // namespace

TEST_CASE("the published picture model needs four networks and DINOv2") {
    const auto wanted = files_of_model("microsoft/TRELLIS-image-large", kImage).value();
    REQUIRE(wanted.size() == 10);
    for (const auto& each : wanted) CHECK(each.to.find("mesh") == std::string::npos);
    CHECK(wanted[0].repository == "microsoft/TRELLIS-image-large");
    CHECK(wanted[0].from == "ckpts/ss_flow_img_dit_L_16l8_fp16.json");
    CHECK(wanted[0].to == wanted[0].from);
    CHECK(wanted[9].repository == "facebook/dinov2-with-registers-large");
    CHECK(wanted[9].from == "model.safetensors");
    CHECK(wanted[9].to == "dinov2_vitl14_reg/model.safetensors");
}

TEST_CASE("a prompt model takes networks of the picture model's repository, and CLIP") {
    const auto wanted = files_of_model("microsoft/TRELLIS-text-xlarge", kText).value();
    REQUIRE(wanted.size() == 12);
    const auto decoder = std::find_if(wanted.begin(), wanted.end(), [](const auto& each) {
        return each.to == "ckpts/ss_dec_conv3d_16l8_fp16.safetensors";
    });
    REQUIRE(decoder != wanted.end());
    CHECK(decoder->repository == "microsoft/TRELLIS-image-large");
    CHECK(decoder->from == "ckpts/ss_dec_conv3d_16l8_fp16.safetensors");
    CHECK(wanted[11].to == "openai/clip-vit-large-patch14/merges.txt");
}

TEST_CASE("a pipeline that cannot be understood is refused by the key") {
    using Catch::Contains;
    CHECK(files_of_model("o/n", "not json").has_error());
    CHECK(files_of_model("o/n", "{}").has_error());
    CHECK_THAT(refusal(kImage, "slat_flow_model", "slat_flow"), Contains("slat_flow_model"));
    CHECK_THAT(refusal(kImage, "ckpts/ss_dec", "../ss_dec"), Contains("sparse_structure_decoder"));
    CHECK_THAT(refusal(kImage, "dinov2_vitl14_reg", "dinov9"), Contains("dinov9"));
    CHECK_THAT(refusal(kImage, "image_cond_model", "cond"), Contains("cond_model"));
}

TEST_CASE("the published models go by short names") {
    REQUIRE(weights::find_published("trellis-image-large"));
    CHECK(weights::find_published("trellis-image-large")->repository ==
          "microsoft/TRELLIS-image-large");
    CHECK(weights::published_models().size() == 4);
    CHECK_FALSE(weights::find_published("trellis"));
    CHECK_FALSE(weights::find_published("validator-scorer"));  // no pipeline
}
