#include "generator/weights/manifest.hpp"

#include "generator/errc.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/weights/refused.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <string>

using namespace generator;

namespace {

// The embedded model with some files replaced, in memory.
class Altered final : public Files {
public:
    const std::string& where() const override { return where_; }
    bool has(const std::string& name) const override {
        return texts.contains(name) || base_->has(name);
    }
    config::Result<Bytes> open(const std::string& name) const override {
        const auto at = texts.find(name);
        if (at == texts.end()) return base_->open(name);
        return Bytes{std::as_bytes(std::span(at->second)), nullptr};
    }

    void replace(const std::string& name, const std::string& what, const std::string& with) {
        auto& text =
            texts.try_emplace(name, std::string(base_->open(name).value().text())).first->second;
        const auto at = text.find(what);
        REQUIRE(at != std::string::npos);
        text.replace(at, what.size(), with);
    }

    config::Error refusal() const {
        try {
            read_manifest(*this);
        } catch (const Refused& refused) {
            return refused.error();
        }
        return {};
    }

    std::map<std::string, std::string> texts;

private:
    std::string where_ = "model";
    std::unique_ptr<Files> base_ = embedded_files();
};

}  // namespace

TEST_CASE("the embedded pipeline is read as it is written") {
    const auto m = read_manifest(*embedded_files());
    CHECK(m.encoder.path == "ckpts/dinov2_nano_reg");
    CHECK(m.structure_flow.class_name == "SparseStructureFlowModel");
    CHECK(m.structure_sampler.steps == 8);
    CHECK(m.structure_sampler.guidance == 0.5);
    CHECK(m.structure_sampler.rescale_t == 3);
    CHECK(m.latent_sampler.steps == 6);
    CHECK(m.latent_sampler.guidance == 0);
    CHECK(m.latent_mean.size() == 8);
    CHECK(m.latent_std[7] == 1);
}

TEST_CASE("a checkpoint may hold a pipeline for pictures and one for prompts") {
    const auto both = read_manifests(*embedded_files());
    REQUIRE(both.size() == 2);
    CHECK(both[0].input == Input::picture);
    CHECK(both[1].input == Input::prompt);
    CHECK(both[1].encoder.class_name == "CLIPTextModel");
    CHECK(both[1].encoder.weights == "ckpts/clip_nano.safetensors");
    CHECK(both[1].tokenizer == "tokenizer");
    CHECK(both[1].latent_flow.path == both[0].latent_flow.path);
}

TEST_CASE("an encoder fetched from the hub lies in a folder of its name") {
    Altered files;
    files.replace("text_pipeline.json", "ckpts/clip_nano", "openai/clip-vit-large-patch14");
    files.texts["openai/clip-vit-large-patch14/config.json"] =
        R"({"model_type": "clip", "text_config": {"hidden_size": 768}})";
    files.texts["openai/clip-vit-large-patch14/vocab.json"] = "{}";
    const auto manifest = read_manifest(files, "text_pipeline.json");
    CHECK(manifest.encoder.weights == "openai/clip-vit-large-patch14/model.safetensors");
    CHECK(manifest.encoder.args.integer("hidden_size", 1, 1000) == 768);
    CHECK(manifest.tokenizer == "openai/clip-vit-large-patch14");
}

TEST_CASE("an encoder published by bare name is looked for among the checkpoints") {
    Altered files;
    files.replace("pipeline.json", "ckpts/dinov2_nano_reg", "dinov2_nano_reg");
    CHECK(read_manifest(files).encoder.path == "ckpts/dinov2_nano_reg");
}

TEST_CASE("the elastic classes are the same networks") {
    Altered files;
    files.replace("ckpts/slat_flow.json", "SLatFlowModel", "ElasticSLatFlowModel");
    files.replace("ckpts/slat_dec_gs.json", "SLatGaussianDecoder", "ElasticSLatGaussianDecoder");
    CHECK(read_manifest(files).latent_flow.class_name == "ElasticSLatFlowModel");
}

TEST_CASE("networks that are not needed are not looked at") {
    Altered files;
    files.replace("pipeline.json", "\"models\": {",
                  R"("models": {"slat_decoder_mesh": "ckpts/not_there",)");
    CHECK_NOTHROW(read_manifest(files));
}

TEST_CASE("a path that leaves the folder is refused") {
    for (const char* path : {"../../etc/passwd", "/etc/passwd", "ckpts/../../x"}) {
        Altered files;
        files.replace("pipeline.json", "ckpts/ss_flow", path);
        INFO(path);
        CHECK(files.refusal().code == Errc::bad_checkpoint);
        CHECK(files.refusal().detail.find("sparse_structure_flow_model") != std::string::npos);
    }
}

TEST_CASE("a network of another repository is taken from a copy here, or asked for") {
    Altered files;
    files.replace("pipeline.json", "ckpts/ss_dec", "microsoft/TRELLIS-image-large/ckpts/ss_dec");
    CHECK(read_manifest(files).structure_decoder.path == "ckpts/ss_dec");
    files.replace("pipeline.json", "large/ckpts/ss_dec", "large/ckpts/ss_dec_16l8");
    CHECK(files.refusal().code == Errc::missing_file);
    CHECK(files.refusal().detail.find("copy its .json and .safetensors to model/ckpts") !=
          std::string::npos);
}

TEST_CASE("what the pipeline lacks or has wrong is named") {
    const auto detail = [](const char* file, const char* what, const char* with) {
        Altered files;
        files.replace(file, what, with);
        CHECK(files.refusal().code == Errc::bad_checkpoint);
        return files.refusal().detail;
    };
    CHECK(detail("pipeline.json", "\"steps\": 8", "\"steps\": 0").find("'steps' is 0") !=
          std::string::npos);
    CHECK(detail("pipeline.json", "\"steps\": 8", "\"steps\": 1000000000").find("'steps'") !=
          std::string::npos);
    CHECK(detail("pipeline.json", "\"cfg_strength\": 0.5", "\"cfg_strength\": \"x\"")
              .find("'cfg_strength'") != std::string::npos);
    CHECK(detail("pipeline.json", "FlowEulerGuidanceIntervalSampler", "DPM")
              .find("'name' is 'DPM'") != std::string::npos);
    CHECK(detail("pipeline.json", "image_cond_model", "text_cond_model")
              .find("'DinoVisionTransformer', which cannot be the text_cond_model") !=
          std::string::npos);
    CHECK(detail("pipeline.json", "image_cond_model", "other_cond_model")
              .find("'image_cond_model' is missing") != std::string::npos);
    CHECK(detail("pipeline.json", "slat_decoder_gs", "slat_decoder_rf")
              .find("'slat_decoder_gs' is missing") != std::string::npos);
    CHECK(detail("ckpts/ss_flow.json", "SparseStructureFlowModel", "SLatMeshDecoder")
              .find("SLatMeshDecoder") != std::string::npos);
    CHECK(detail("ckpts/slat_flow.json", "SLatFlowModel", "SLatRopeFlowModel")
              .find("SLatRopeFlowModel") != std::string::npos);
    CHECK(detail("ckpts/ss_flow.json", "\"args\"", "\"arguments\"").find("'args' is missing") !=
          std::string::npos);
}
