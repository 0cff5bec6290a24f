#include "weights/model_plan.hpp"

#include "network/errc.hpp"
#include "network/json_fields.hpp"
#include "weights/listing.hpp"

#include <algorithm>
#include <array>

namespace weights {
namespace {

constexpr std::array<PublishedModel, 4> kPublished{{
    {"trellis-image-large", "microsoft/TRELLIS-image-large", "pictures; 1.2 billion parameters"},
    {"trellis-text-base", "microsoft/TRELLIS-text-base", "prompts; the quickest"},
    {"trellis-text-large", "microsoft/TRELLIS-text-large", "prompts"},
    {"trellis-text-xlarge", "microsoft/TRELLIS-text-xlarge", "prompts; the best"},
}};

constexpr std::array<std::string_view, 4> kRoles{"sparse_structure_flow_model",
                                                 "sparse_structure_decoder", "slat_flow_model",
                                                 "slat_decoder_gs"};

struct Encoder {
    std::string_view name, repository;
    std::vector<std::string_view> files;
};

// DINOv2 is named by torch.hub's word for it; the hub has the same weights under its own.
const std::array<Encoder, 2>& encoders() {
    static const std::array<Encoder, 2> kEncoders{{
        {"dinov2_vitl14_reg",
         "facebook/dinov2-with-registers-large",
         {"config.json", "model.safetensors"}},
        {"openai/clip-vit-large-patch14",
         "openai/clip-vit-large-patch14",
         {"config.json", "model.safetensors", "vocab.json", "merges.txt"}},
    }};
    return kEncoders;
}

config::Error malformed(std::string_view repository, const std::string& what) {
    return config::fail(network::Errc::malformed,
                        std::string(repository) + ": pipeline.json: " + what);
}

// "OWNER/NAME/rest" of another repository, or "ckpts/rest" of this one.
Wanted locate(std::string_view repository, const std::string& path, const char* ending) {
    if (path.starts_with("ckpts/")) return {std::string(repository), path + ending, path + ending};
    const auto owner = path.find('/');
    const auto name = owner == path.npos ? path.npos : path.find('/', owner + 1);
    if (name == path.npos) return {std::string(repository), path + ending, path + ending};
    return {path.substr(0, name), path.substr(name + 1) + ending,
            "ckpts/" + path.substr(path.rfind('/') + 1) + ending};
}

}  // namespace

std::span<const PublishedModel> published_models() { return kPublished; }

const PublishedModel* find_published(std::string_view name) {
    const auto found =
        std::find_if(kPublished.begin(), kPublished.end(),
                     [&](const PublishedModel& model) { return model.name == name; });
    return found == kPublished.end() ? nullptr : &*found;
}

config::Result<std::vector<Wanted>> files_of_model(std::string_view repository,
                                                   std::string_view pipeline) {
    const auto message = network::JsonMessage::parse(pipeline);
    if (!message) return malformed(repository, message.error().detail);
    network::JsonFields root(message->fields());
    const auto* args = root.object("args");
    if (!args) return malformed(repository, "args is missing");
    network::JsonFields inside(*args, "args.");
    const auto* models = inside.object("models");
    if (!models) return malformed(repository, "args.models is missing");

    std::vector<Wanted> wanted;
    network::JsonFields networks(*models, "args.models.");
    for (const auto role : kRoles) {
        std::string path;
        networks.read_text(role, 512, path);
        if (!networks.ok()) return malformed(repository, networks.error().detail);
        if (!is_plain_path(path))
            return malformed(repository, "args.models." + std::string(role) + " leads elsewhere");
        for (const char* ending : {".json", ".safetensors"})
            wanted.push_back(locate(repository, path, ending));
    }
    std::string encoder;
    inside.read_text(args->if_contains("image_cond_model") ? "image_cond_model" : "text_cond_model",
                     512, encoder);
    if (!inside.ok()) return malformed(repository, inside.error().detail);
    const auto found = std::find_if(encoders().begin(), encoders().end(),
                                    [&](const Encoder& each) { return each.name == encoder; });
    if (found == encoders().end())
        return malformed(repository, "its encoder is '" + encoder +
                                         "', of which this program knows no published weights");
    for (const auto file : found->files)
        wanted.push_back(
            {std::string(found->repository), std::string(file), encoder + "/" + std::string(file)});
    return wanted;
}

}  // namespace weights
