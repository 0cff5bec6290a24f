#include "weights/scorer_plan.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace weights {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDino = "facebook/dinov2-small",
                           kDinoAt = "150c8e7bb7cef2d30ec31b13a517af14840ee3f7",
                           kTuned = "404-Gen/validation",
                           kTunedAt = "948bf06988b630681c7bc468aebf2bbe010856f7",
                           kOpenClip = "laion/CLIP-convnext_large_d.laion2B-s26B-b102K-augreg",
                           kWords = "openai/clip-vit-large-patch14",
                           kLlm2Clip = "microsoft/LLM2CLIP-Openai-L-14-336",
                           kLlm2ClipAt = "92512331f393a003c3d98404677f991c188162c9";

constexpr std::array<ScorerFile, 3> kQuality{{
    {kDino, kDinoAt, "config.json", "quality/config.json", 547},
    {kDino, kDinoAt, "model.safetensors", "quality/model.safetensors", 88'200'000},
    {kTuned, kTunedAt, "quality_scorer.safetensors", "quality/quality_scorer.safetensors", 0},
}};
// The words of both CLIPs are OpenAI's.
constexpr std::array<ScorerFile, 4> kText{{
    {kOpenClip, "main", "open_clip_config.json", "text/open_clip_config.json", 612},
    {kOpenClip, "main", "open_clip_model.safetensors", "text/open_clip_model.safetensors",
     1'410'000'000},
    {kWords, "main", "vocab.json", "text/vocab.json", 961'143},
    {kWords, "main", "merges.txt", "text/merges.txt", 524'619},
}};
constexpr std::array<ScorerFile, 2> kPicture{{
    {kLlm2Clip, kLlm2ClipAt, "config.json", "picture/config.json", 2'000},
    {kLlm2Clip, kLlm2ClipAt, "model.safetensors", "picture/model.safetensors", 2'310'000'000},
}};
constexpr std::array<ScorerFile, 2> kLpips{{
    {"", "", "alexnet-owt-7be5be79.pth", "lpips/alexnet.safetensors", 244'000'000},
    {"", "", "lpips/weights/v0.1/alex.pth of the PyPI wheel lpips 0.1.4", "lpips/lin.safetensors",
     6'000},
}};

constexpr std::array<ScorerPart, 4> kParts{{
    {"quality", "iqa: DINOv2-small and the subnet's head, without which nothing is scored",
     "Apache-2.0; of 404-Gen/validation not known", kQuality},
    {"text", "alignment with a prompt: OpenCLIP ConvNeXt-Large-d", "MIT", kText},
    {"picture", "alignment with a picture: LLM2CLIP ViT-L/14-336", "Apache-2.0", kPicture},
    {"lpips", "likeness of neighbouring views: AlexNet and LPIPS's layers",
     "BSD-3-Clause and BSD-2-Clause", kLpips},
}};

}  // namespace

std::span<const ScorerPart> scorer_parts() { return kParts; }

const ScorerPart* find_scorer_part(std::string_view name) {
    const auto* found = std::find_if(kParts.begin(), kParts.end(),
                                     [&](const ScorerPart& part) { return part.name == name; });
    return found == kParts.end() ? nullptr : found;
}

std::vector<const ScorerFile*> missing_scorer_files(const fs::path& folder,
                                                    const ScorerPart& part) {
    std::vector<const ScorerFile*> missing;
    std::error_code ignored;
    for (const auto& file : part.files)
        if (!fs::is_regular_file(folder / file.to, ignored)) missing.push_back(&file);
    return missing;
}

std::string origin_of(const ScorerFile& file) {
    const std::string from = std::string(file.to) + " is ";
    if (file.repository.empty()) return from + "made of " + std::string(file.from);
    return from + std::string(file.from) + " of " + std::string(file.repository) + "@" +
           std::string(file.revision);
}

}  // namespace weights
