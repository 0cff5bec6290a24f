#include "generator/weights/manifest.hpp"

#include "generator/weights/refused.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace generator {
namespace {

constexpr std::size_t kMaxLatentChannels = 1024;

// Published pipelines may name a network of another repository ("owner/name/ckpts/NAME"); a copy of
// it in this folder does as well. pipeline.json gives an encoder only a name; files from the hub
// lie in a folder of that name. Returns the path, and the ending of the arguments' file.
std::pair<std::string, std::string> locate(const Files& files, const Args& from,
                                           const std::string& role, const std::string& path) {
    if (!stays_inside(path))
        from.refuse_key(role, "is '" + path.substr(0, 200) + "', which leads out of the folder");
    const std::string in_ckpts = "ckpts/" + path.substr(path.rfind('/') + 1);
    for (const char* ending : {".json", "/config.json"})
        for (const auto& candidate : {path, in_ckpts})
            if (files.has(candidate + ending)) return {candidate, ending};
    refuse(Errc::missing_file,
           files.where() + "/" + path + ".json, named '" + role + "' by " + from.where() +
               "; if it belongs to another repository, copy its .json and .safetensors to " +
               files.where() + "/ckpts");
}

using Classes = std::initializer_list<std::string_view>;

NetworkSpec read_network(const Files& files, const Args& from, const std::string& role,
                         Classes classes) {
    const auto [path, ending] = locate(files, from, role, from.text(role));
    const auto where = files.where() + "/" + path + ending;
    const auto spec = Args::parse(or_refuse(files.open(path + ending)), where);
    if (ending != ".json") {
        // The hub's own; of a file for text and pictures, the part for text.
        auto args = spec.has("text_config") ? spec.object("text_config") : spec;
        return {role, path, path + "/model.safetensors", std::string(*classes.begin()),
                std::move(args)};
    }
    std::string class_name = spec.text("name");
    if (std::find(classes.begin(), classes.end(), class_name) == classes.end()) {
        spec.refuse_key("name",
                        "is '" + class_name.substr(0, 100) + "', which cannot be the " + role);
    }
    return {role, path, path + ".safetensors", std::move(class_name), spec.object("args")};
}

SamplerSettings read_sampler(const Args& from, const char* key) {
    const auto sampler = from.object(key);
    sampler.expect("name", {"FlowEulerGuidanceIntervalSampler", "FlowEulerCfgSampler"});
    const auto params = sampler.object("params");
    SamplerSettings settings;
    settings.steps = int(params.integer("steps", 1, 1000));
    settings.guidance = params.number("cfg_strength", -1000, 1000);
    settings.rescale_t = params.number_or("rescale_t", 1, 1e-3, 1e3);
    if (params.has("cfg_interval")) {
        const auto interval = params.numbers("cfg_interval", 2, 0, 1);
        if (interval.size() != 2) params.refuse_key("cfg_interval", "is not two numbers");
        settings.guided_from = interval[0];
        settings.guided_to = interval[1];
    }
    return settings;
}

}  // namespace

Manifest read_manifest(const Files& files, const std::string& file) {
    const auto pipeline =
        Args::parse(or_refuse(files.open(file)), files.where() + "/" + file).object("args");
    const auto input = !pipeline.has("image_cond_model") && pipeline.has("text_cond_model")
                           ? Input::prompt
                           : Input::picture;
    const auto models = pipeline.object("models");
    const auto normalization = pipeline.object("slat_normalization");
    Manifest manifest{
        .input = input,
        .tokenizer = "tokenizer",
        .encoder =
            input == Input::prompt
                ? read_network(files, pipeline, "text_cond_model", {"CLIPTextModel"})
                : read_network(files, pipeline, "image_cond_model", {"DinoVisionTransformer"}),
        .structure_flow = read_network(files, models, "sparse_structure_flow_model",
                                       {"SparseStructureFlowModel"}),
        .structure_decoder =
            read_network(files, models, "sparse_structure_decoder", {"SparseStructureDecoder"}),
        .latent_flow = read_network(files, models, "slat_flow_model",
                                    {"SLatFlowModel", "ElasticSLatFlowModel"}),
        .gaussian_decoder = read_network(files, models, "slat_decoder_gs",
                                         {"SLatGaussianDecoder", "ElasticSLatGaussianDecoder"}),
        .structure_sampler = read_sampler(pipeline, "sparse_structure_sampler"),
        .latent_sampler = read_sampler(pipeline, "slat_sampler"),
        .latent_mean = normalization.numbers("mean", kMaxLatentChannels, -1e6, 1e6),
        .latent_std = normalization.numbers("std", kMaxLatentChannels, -1e6, 1e6),
    };
    const auto& encoder = manifest.encoder.path;
    if (files.has(encoder + "/vocab.json")) manifest.tokenizer = encoder;
    return manifest;
}

std::vector<Manifest> read_manifests(const Files& files) {
    std::vector<Manifest> manifests{read_manifest(files)};
    constexpr auto kText = "text_pipeline.json";
    if (manifests[0].input == Input::picture && files.has(kText)) {
        manifests.push_back(read_manifest(files, kText));
        if (manifests[1].input != Input::prompt)
            refuse(Errc::bad_checkpoint,
                   files.where() + "/" + kText + ": 'text_cond_model' is missing");
    }
    return manifests;
}

}  // namespace generator
