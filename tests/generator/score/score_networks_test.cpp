#include "generator/score/alexnet.hpp"
#include "generator/score/clip_words.hpp"
#include "generator/score/convnext.hpp"
#include "generator/score/inputs.hpp"
#include "generator/score/vit.hpp"
#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using namespace generator;
using tests::kScoreTolerances;
using tests::ScoreGolden;

namespace {

InputSizes sizes_of(const ScoreGolden& golden) {
    const auto args = golden.args("scorer.json").object("sizes");
    const auto side = [&](const char* key) { return args.integer(key, 1, 4096); };
    return {side("quality"), side("text"), side("picture"), side("lpips")};
}

at::Tensor bytes_of(const Image& picture) { return to_bytes({&picture, 1}, at::kCPU); }

at::Tensor view_bytes(const ScoreGolden& golden, std::size_t first, std::size_t count) {
    std::vector<at::Tensor> all;
    const auto views = golden.views("turning");
    for (std::size_t i = first; i < first + count; ++i) all.push_back(bytes_of(views[i]));
    return at::cat(all);
}

AlexNetLpips lpips_of(const ScoreGolden& golden) {
    auto file = golden.tensors("lpips/alexnet.safetensors");
    const auto channels = AlexNetLpips::channels_of(file);
    Bundle features(std::move(file), at::kCPU, at::kFloat);
    Bundle layers(golden.tensors("lpips/lin.safetensors"), at::kCPU, at::kFloat);
    return {channels, features, layers};
}

void check_blocks(const ScoreGolden& golden, const std::vector<at::Tensor>& blocks,
                  const std::string& name) {
    REQUIRE(golden.networks.has(name + std::to_string(blocks.size() - 1)));
    CHECK_FALSE(golden.networks.has(name + std::to_string(blocks.size())));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        INFO(name << i);
        const auto error = golden.error(blocks[i], name + std::to_string(i));
        INFO("error " << error);
        CHECK(error < kScoreTolerances.block);
    }
}

}  // namespace

TEST_CASE("the quality network meets its golden input and blocks", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        auto base = golden.tensors("quality/model.safetensors");
        const auto size = VitSize::read(golden.args("quality/config.json"), base, VitNames::dinov2);
        Bundle bundle(std::move(base), at::kCPU, at::kFloat);
        bundle.overlay(golden.tensors("quality/quality_scorer.safetensors"), "backbone.");
        Bundle head(golden.tensors("quality/quality_scorer.safetensors"), at::kCPU, at::kFloat);
        const QualityNetwork network(size, bundle, head);
        const auto x = for_quality(view_bytes(golden, 0, 1), sizes_of(golden).quality);
        CHECK(golden.error(x, "quality/prepared") < kScoreTolerances.block);
        std::vector<at::Tensor> blocks;
        network.token(x, &blocks);
        check_blocks(golden, blocks, "quality/block_");
    }
}

TEST_CASE("the text CLIP's picture tower meets its golden input and stages", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        auto tensors = golden.tensors("text/open_clip_model.safetensors");
        const auto size = ConvNextSize::read(tensors);
        Bundle bundle(std::move(tensors), at::kCPU, at::kFloat);
        const ConvNext network(size, bundle);
        const auto x = for_clip(view_bytes(golden, 0, 1), sizes_of(golden).text);
        CHECK(golden.error(x, "text/prepared") < kScoreTolerances.block);
        std::vector<at::Tensor> stages;
        network.features(x, &stages);
        check_blocks(golden, stages, "text/stage_");
    }
}

TEST_CASE("the text CLIP's word tower meets its golden blocks", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        auto tensors = golden.tensors("text/open_clip_model.safetensors");
        const auto size = ClipWordsSize::read(golden.args("text/open_clip_config.json"), tensors);
        Bundle bundle(std::move(tensors), at::kCPU, at::kFloat);
        const ClipWords network(size, bundle);
        std::vector<at::Tensor> blocks;
        network.features(golden.tokens.front().ids, &blocks);
        check_blocks(golden, blocks, "text/token_block_");
    }
}

TEST_CASE("the picture CLIP meets its golden input and blocks", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        auto tensors = golden.tensors("picture/model.safetensors");
        const auto size = VitSize::read(golden.args("picture/config.json").object("vision_config"),
                                        tensors, VitNames::clip);
        const auto features = PictureNetwork::projected(tensors);
        Bundle bundle(std::move(tensors), at::kCPU, at::kFloat);
        const PictureNetwork network(size, features, bundle);
        const auto x = for_clip(bytes_of(golden.picture("rgba")), sizes_of(golden).picture);
        CHECK(golden.error(x, "picture/prepared") < kScoreTolerances.block);
        std::vector<at::Tensor> blocks;
        network.features(x, &blocks);
        check_blocks(golden, blocks, "picture/block_");
    }
}

TEST_CASE("LPIPS meets its golden input and unit vectors", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        const auto network = lpips_of(golden);
        const auto x = for_lpips(view_bytes(golden, 0, 2), sizes_of(golden).lpips);
        CHECK(golden.error(x, "lpips/prepared") < kScoreTolerances.block);
        const auto features = network.features(x);
        check_blocks(golden, {features.begin(), features.end()}, "lpips/layer_");
    }
}

TEST_CASE("a case's tokens, features and layers are the golden ones", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        const auto sizes = sizes_of(golden);
        const auto bytes = view_bytes(golden, 0, 16);
        const auto error = [&](const at::Tensor& got, const std::string& name) {
            return tests::relative_error(got, golden.cases[name]);
        };

        auto base = golden.tensors("quality/model.safetensors");
        const auto size = VitSize::read(golden.args("quality/config.json"), base, VitNames::dinov2);
        Bundle bundle(std::move(base), at::kCPU, at::kFloat);
        bundle.overlay(golden.tensors("quality/quality_scorer.safetensors"), "backbone.");
        Bundle head(golden.tensors("quality/quality_scorer.safetensors"), at::kCPU, at::kFloat);
        const QualityNetwork quality(size, bundle, head);
        const auto token = quality.token(for_quality(bytes, sizes.quality));
        CHECK(error(token, "text_0/quality_token") < kScoreTolerances.features);
        CHECK(error(quality.logits(token), "text_0/quality_logit") < kScoreTolerances.features);

        const auto tensors = golden.tensors("text/open_clip_model.safetensors");
        Bundle text(golden.tensors("text/open_clip_model.safetensors"), at::kCPU, at::kFloat);
        const ConvNext viewer(ConvNextSize::read(tensors), text);
        const ClipWords reader(
            ClipWordsSize::read(golden.args("text/open_clip_config.json"), tensors), text);
        CHECK(error(viewer.features(for_clip(bytes, sizes.text)), "text_0/text_view_features") <
              kScoreTolerances.features);
        for (std::size_t i = 0; i < golden.tokens.size(); ++i) {
            const auto name = "text_" + std::to_string(i) + "/text_features";
            if (golden.cases.has(name))
                CHECK(error(reader.features(golden.tokens[i].ids), name) <
                      kScoreTolerances.features);
        }

        auto weights = golden.tensors("picture/model.safetensors");
        const auto vit = VitSize::read(golden.args("picture/config.json").object("vision_config"),
                                       weights, VitNames::clip);
        const auto features = PictureNetwork::projected(weights);
        Bundle picture_bundle(std::move(weights), at::kCPU, at::kFloat);
        const PictureNetwork picture(vit, features, picture_bundle);
        CHECK(error(picture.features(for_clip(bytes, sizes.picture)),
                    "picture_rgba/picture_view_features") < kScoreTolerances.features);
        for (const auto* name : {"rgb", "rgba", "gray_alpha", "palette", "gray"}) {
            const auto of = "picture_" + std::string(name) + "/picture_features";
            const auto x = for_clip(bytes_of(golden.picture(name)), sizes.picture);
            if (golden.cases.has(of))
                CHECK(error(picture.features(x), of) < kScoreTolerances.features);
        }

        const auto lpips = lpips_of(golden);
        const auto each = at::arange(16, at::kLong);
        const auto layers = lpips.distances(lpips.features(for_lpips(bytes, sizes.lpips)), each,
                                            (each + 1).remainder(16));
        CHECK((layers - golden.cases["text_0/lpips_layers"]).abs().max().item<double>() <
              kScoreTolerances.lpips);
    }
}

TEST_CASE("prompt pictures are decoded as the validator decodes them", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        const ScoreGolden golden(folder);
        for (const auto* name : {"rgb", "rgba", "gray_alpha", "palette", "gray"}) {
            INFO(folder << " " << name);
            if (!golden.pictures.has(name)) continue;
            CHECK(golden.picture(name).pixels == tests::to_image(golden.pictures[name]).pixels);
        }
    }
}
