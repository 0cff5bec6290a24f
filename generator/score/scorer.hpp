// What a validator would say of splats before they are submitted: the seam between the miner and
// the networks that know. The published networks stand behind it (open_published_scorer); tests and
// the rehearsal put others here.
//
// One lane creates a Scorer and is the only one to call it. A ScoreQuery belongs to the Scorer that
// made it and must die before it. No torch in this header.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "generator/asset.hpp"
#include "generator/generator.hpp"
#include "generator/memory_need.hpp"
#include "generator/render/validator_views.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace generator {

// The validator's pictures once around; the last repeats the first (render/camera.hpp).
inline constexpr std::size_t kScoredViews = 16;

// Below this alignment a validator's score is 0, whatever else a result is worth.
inline constexpr double kLeastAlignment = 0.3;

// What the splats should show: words, or a picture as decoded by decode_for_score(): RGB of any
// size, neither cropped nor turned.
using ScoreCondition = std::variant<Prompt, Image>;

// Parts of a score, as the validator's own files call them.
enum class ScorePart { quality, alignment, ssim, lpips };
constexpr const char* name_of(ScorePart part) {
    constexpr std::array<const char*, 4> kNames{"iqa", "alignment", "ssim", "lpips"};
    return kNames[std::size_t(part)];
}

struct LeftOut {
    ScorePart part;
    double instead = 0;  // what the sum has in place of the part's term
    std::string why;     // "no picture/ in FOLDER"
};

struct Score {
    // As the validator would answer, 0 where the alignment is below 0.3. May exceed 1. NaN where
    // the validator's would be: it then answers with an error, without a penalty.
    double total = 0;
    // NaN for a part that was left out, too; left_out tells them apart.
    double iqa = 0, alignment = 0, ssim = 0, lpips = 0;
    std::vector<LeftOut> left_out;

    // Of each view, and of each view with the next (the last with the first); zeros where left out.
    std::array<float, kScoredViews> quality_of_view{}, cosine_of_view{};
    std::array<double, kScoredViews> ssim_of_pair{}, lpips_distance_of_pair{};
};

// A condition with what the networks make of it alone, so that it is computed once a task.
class ScoreQuery {
public:
    virtual ~ScoreQuery() = default;
};

struct ScorerInfo {
    std::string name;    // the folder
    std::string device;  // "cpu", "cuda:0"
    std::string dtype;   // "fp32", "fp16", "bf16"
    // Which alignments can be told, and whether LPIPS can; what is not is left out.
    bool takes_prompts = false, takes_pictures = false, has_lpips = false;
    // Of the quality network's backbone: tensors in all, and how many of them came from the
    // fine-tuned file. 0 means that the validator runs on the base as well, or that the file's
    // names are not what it asks for.
    std::int64_t backbone_tensors = 0, tuned_tensors = 0;
    std::int64_t parameters = 0;  // of what is loaded so far
    ViewPlan views = {};          // that score() takes
};

class Scorer {
public:
    virtual ~Scorer() = default;

    virtual const ScorerInfo& info() const = 0;

    // Reads the networks for this kind of condition when the first one comes. Fails with
    // missing_file, disk_failed, bad_checkpoint, missing_tensor, misshapen_tensor, whose details
    // name file and tensor; bad_prompt, wrong_input (not RGB, no pixels), out_of_memory,
    // device_lost.
    virtual config::Result<std::unique_ptr<ScoreQuery>> ask(const ScoreCondition& condition) = 0;

    // views: as info().views has them, RGB; the published scorer takes any size and also the 16th,
    // which repeats the first. Equal views get equal numbers to the bit. Fails with wrong_input,
    // out_of_memory, device_lost.
    virtual config::Result<Score> score(std::span<const Image> views, const ScoreQuery& query) = 0;

    // score() of validator_views() of the splats. A scorer on a GPU draws them there itself and
    // leaves them there: the way to main memory and back costs as much as the networks. Fails as
    // both do.
    virtual config::Result<Score> score_splats(const StoredSplats& splats,
                                               const Rasterizer& rasterizer,
                                               const ScoreQuery& query) {
        const auto views = validator_views(splats, rasterizer, info().views);
        if (!views) return views.error();
        return score(*views, query);
    }
};

struct ScorerOptions {
    // Has quality/{config.json, model.safetensors, quality_scorer.safetensors},
    // text/{open_clip_config.json, open_clip_model.safetensors, vocab.json, merges.txt},
    // picture/{config.json, model.safetensors}, lpips/{alexnet.safetensors, lin.safetensors}; and
    // scorer.json where the networks' inputs are not of the published sizes. All of a folder but
    // quality/ may be absent: that part is left out.
    std::string folder;
    std::string tokenizer;        // a folder with vocab.json and merges.txt; empty: text/
    std::string device = "auto";  // as the setting generator.device
    std::string dtype = "auto";   // of all networks but LPIPS: fp32, fp16, bf16; auto: fp16 on GPUs
    int threads = 0;              // of torch, on the caller's thread; 0: all cores
    // What stands for the alignment's term (0.2 x alignment) where it is left out: the mean over
    // past tasks where that is known.
    double alignment_instead = 0.2 * 0.85;
    // Networks of the published sizes with random numbers: for measurements alone. Nothing is read
    // but the tokenizer, the embedded model's where none is named.
    bool random_weights = false;
};

// What all of the validator's networks need of a GPU, in the type that settings.dtype means there.
MemoryNeed scorer_memory_need(const config::Score& settings);

// The validator's networks as published, natively: three-gen-subnet at 5fc61f1, service 2.4.0.
// Fails as ask() does, and with bad_device. Quality and LPIPS are read at once.
config::Result<std::unique_ptr<Scorer>> open_published_scorer(const ScorerOptions& options);

}  // namespace generator
