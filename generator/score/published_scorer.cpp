#include "generator/score/alexnet.hpp"
#include "generator/score/clip_words.hpp"
#include "generator/score/convnext.hpp"
#include "generator/score/formula.hpp"
#include "generator/score/inputs.hpp"
#include "generator/score/scorer.hpp"
#include "generator/score/ssim.hpp"
#include "generator/score/vit.hpp"
#include "generator/text/tokenizer.hpp"
#include "generator/trellis/device.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/weights/args.hpp"
#include "generator/weights/files.hpp"
#include "generator/weights/refused.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include <ATen/ATen.h>

namespace generator {
namespace {

// What is put in place of a part that is left out: what it is worth for ordinary splats.
constexpr double kLpipsInstead = 0.0235;
constexpr int kMostSide = 4096;  // of a view
constexpr int kLeastSide = 16;   // of a view; SSIM's border is 5
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// A CPU has no use for more at once, which would cost memory.
constexpr std::int64_t kPicturesAtOnceOnCpu = 2;

constexpr const char *kQualityBase = "quality/model.safetensors",
                     *kQualityTuned = "quality/quality_scorer.safetensors",
                     *kTextWeights = "text/open_clip_model.safetensors",
                     *kPictureWeights = "picture/model.safetensors",
                     *kAlexNet = "lpips/alexnet.safetensors",
                     *kLpipsLayers = "lpips/lin.safetensors";

// For random weights alone; of files the tensors say it.
constexpr VitSize kPublishedQuality{VitNames::dinov2, 518, 14, 384, 1536, 12, 6, 1e-6, false};
constexpr VitSize kPublishedPicture{VitNames::clip, 336, 14, 1024, 4096, 24, 16, 1e-5, true};
constexpr std::int64_t kPublishedPictureFeatures = 1280;
constexpr ClipWordsSize kPublishedWords{49408, 77, 768, 3072, 16, 12, 768};
constexpr AlexNetLpips::Channels kPublishedAlexNet{64, 192, 384, 256, 256};
ConvNextSize published_convnext() {
    return {4,
            {{3, 192, 768, 7}, {3, 384, 1536, 7}, {27, 768, 3072, 7}, {3, 1536, 6144, 7}},
            1536,
            768};
}

Safetensors read_tensors(const Files& files, const char* name) {
    return or_refuse(Safetensors::parse(or_refuse(files.open(name)), files.where() + "/" + name));
}

Args read_args(const Files& files, const char* name) {
    return Args::parse(or_refuse(files.open(name)), files.where() + "/" + name);
}

InputSizes read_sizes(const Files& files) {
    InputSizes sizes;
    if (!files.has("scorer.json")) return sizes;
    const auto args = read_args(files, "scorer.json").object("sizes");
    constexpr std::int64_t kMost = 2048;
    sizes.quality = args.integer_or("quality", sizes.quality, 1, kMost);
    sizes.text = args.integer_or("text", sizes.text, 32, kMost);  // less leaves no last stage
    sizes.picture = args.integer_or("picture", sizes.picture, 1, kMost);
    sizes.lpips = args.integer_or("lpips", sizes.lpips, AlexNetLpips::kLeastSide, kMost);
    return sizes;
}

void expect_input(const VitSize& size, std::int64_t input, const std::string& file) {
    if (size.picture == input) return;
    refuse(Errc::misshapen_tensor, file + ": the position table is for pictures of " +
                                       std::to_string(size.picture) + " pixels, the input has " +
                                       std::to_string(input));
}

// ---------------------------------------------------------------- conditions

struct Query final : ScoreQuery {
    bool words = false;   // else a picture
    at::Tensor features;  // [1, E] fp32, a unit vector; undefined when the alignment is left out
};

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, {-1}, /*keepdim=*/true); }

// fn(pictures [b, 3, S, S]) of all pictures, some at a time.
template <class Fn>
at::Tensor in_parts(const at::Tensor& pictures, Fn fn) {
    if (!pictures.is_cpu()) return fn(pictures);
    std::vector<at::Tensor> results;
    for (const auto& part : pictures.split(kPicturesAtOnceOnCpu)) results.push_back(fn(part));
    return at::cat(results);
}

template <class T>
std::array<T, kScoredViews> values_of(const at::Tensor& row) {
    const auto host = row.to(at::kCPU, c10::CppTypeToScalarType<T>::value).contiguous();
    std::array<T, kScoredViews> values{};
    std::copy_n(host.template const_data_ptr<T>(), kScoredViews, values.begin());
    return values;
}

// ---------------------------------------------------------------- the scorer

class PublishedScorer final : public Scorer {
public:
    PublishedScorer(const ScorerOptions& options, const ComputeTarget& target);

    const ScorerInfo& info() const override { return info_; }

    config::Result<std::unique_ptr<ScoreQuery>> ask(const ScoreCondition& condition) override {
        return guarded([&]() -> config::Result<std::unique_ptr<ScoreQuery>> {
            auto query = std::make_unique<Query>();
            if (const auto* prompt = std::get_if<Prompt>(&condition)) {
                query->words = true;
                query->features = features_of(*prompt);
            } else {
                query->features = features_of(std::get<Image>(condition));
            }
            return query;
        });
    }

    config::Result<Score> score(std::span<const Image> views, const ScoreQuery& query) override {
        return guarded([&]() -> config::Result<Score> {
            return score_of(views, dynamic_cast<const Query&>(query));
        });
    }

private:
    struct Text {
        Tokenizer tokenizer;
        ClipWords words;
        std::int64_t length;
        ConvNext pictures;
    };

    void read_quality();
    void read_lpips();
    void read_text();
    void read_picture();

    at::Tensor features_of(const Prompt& prompt);
    at::Tensor features_of(const Image& picture);
    Score score_of(std::span<const Image> views, const Query& query);
    void judge_quality(const DistinctViews& views, Score& score) const;
    void compare_neighbours(const DistinctViews& views, Score& score) const;
    void align(const DistinctViews& views, const Query& query, Score& score) const;

    // Of random numbers where these are wanted, whatever the file.
    Bundle bundle(Safetensors file) const {
        if (options_.random_weights) return Bundle::random(target_.device, target_.dtype);
        return {std::move(file), target_.device, target_.dtype};
    }
    Safetensors tensors(const char* name) const {
        return options_.random_weights ? Safetensors() : read_tensors(*files_, name);
    }

    ScorerOptions options_;
    ComputeTarget target_;
    std::unique_ptr<Files> files_;
    InputSizes sizes_;
    ScorerInfo info_;
    std::optional<QualityNetwork> quality_;
    std::optional<AlexNetLpips> lpips_;
    std::optional<Text> text_;               // read when the first prompt comes
    std::optional<PictureNetwork> picture_;  // read when the first picture comes
};

PublishedScorer::PublishedScorer(const ScorerOptions& options, const ComputeTarget& target)
    : options_(options), target_(target), files_(folder_files(options.folder)) {
    const auto there = [&](const char* part) {
        std::error_code ignored;
        return options.random_weights ||
               std::filesystem::exists(options.folder + "/" + part, ignored);
    };
    if (!options.random_weights) sizes_ = read_sizes(*files_);
    info_.name = options.folder;
    info_.device = target.device_name();
    info_.dtype = target.dtype_name();
    info_.takes_prompts = there("text");
    info_.takes_pictures = there("picture");
    info_.has_lpips = there("lpips");
    read_quality();
    if (info_.has_lpips) read_lpips();
}

void PublishedScorer::read_quality() {
    auto base = tensors(kQualityBase);
    auto size = kPublishedQuality;
    if (!options_.random_weights) {
        size = VitSize::read(read_args(*files_, "quality/config.json"), base, VitNames::dinov2);
        expect_input(size, sizes_.quality, base.file());
    }
    auto network = bundle(std::move(base));
    // The tuned file wins over the base where names meet, without insisting on any: what it lacks
    // stays the base's, what nobody asks for is left alone. The head is its own.
    network.overlay(tensors(kQualityTuned), "backbone.");
    auto head = bundle(tensors(kQualityTuned));
    quality_.emplace(size, network, head);
    info_.backbone_tensors = network.tensors_taken();
    info_.tuned_tensors = network.taken_from_overlay();
    info_.parameters += network.parameters() + head.parameters();
}

void PublishedScorer::read_lpips() {
    auto features = tensors(kAlexNet);
    const auto channels =
        options_.random_weights ? kPublishedAlexNet : AlexNetLpips::channels_of(features);
    auto network = bundle(std::move(features)), layers = bundle(tensors(kLpipsLayers));
    lpips_.emplace(channels, network, layers);
    info_.parameters += network.parameters() + layers.parameters();
}

void PublishedScorer::read_text() {
    if (text_) return;
    auto file = tensors(kTextWeights);
    auto words = kPublishedWords;
    auto pictures = published_convnext();
    if (!options_.random_weights) {
        words = ClipWordsSize::read(read_args(*files_, "text/open_clip_config.json"), file);
        pictures = ConvNextSize::read(file);
    }
    auto tokenizer = options_.tokenizer.empty()
                         ? Tokenizer::read(*files_, "text")
                         : Tokenizer::read(*folder_files(options_.tokenizer), "");
    if (tokenizer.largest_id() >= words.vocabulary)
        refuse(Errc::bad_checkpoint, file.file() + ": the tokenizer's ids reach " +
                                         std::to_string(tokenizer.largest_id()) +
                                         ", but the network knows " +
                                         std::to_string(words.vocabulary) + " tokens");
    if (words.embedding != pictures.embedding)
        refuse(Errc::misshapen_tensor,
               file.file() + ": words have " + std::to_string(words.embedding) +
                   " features, pictures " + std::to_string(pictures.embedding));
    auto network = bundle(std::move(file));
    ClipWords reader(words, network);
    ConvNext viewer(pictures, network);
    text_.emplace(Text{std::move(tokenizer), std::move(reader), words.length, std::move(viewer)});
    info_.parameters += network.parameters();
}

void PublishedScorer::read_picture() {
    if (picture_) return;
    auto file = tensors(kPictureWeights);
    auto size = kPublishedPicture;
    auto features = kPublishedPictureFeatures;
    if (!options_.random_weights) {
        const auto config = read_args(*files_, "picture/config.json");
        size = VitSize::read(config.has("vision_config") ? config.object("vision_config") : config,
                             file, VitNames::clip);
        expect_input(size, sizes_.picture, file.file());
        features = PictureNetwork::projected(file);
    }
    auto network = bundle(std::move(file));
    picture_.emplace(size, features, network);
    info_.parameters += network.parameters();
}

at::Tensor PublishedScorer::features_of(const Prompt& prompt) {
    if (!info_.takes_prompts) return {};
    read_text();
    const auto ids =
        or_refuse(text_->tokenizer.encode_as_open_clip(prompt.text, std::size_t(text_->length)));
    return unit(text_->words.features(ids));
}

at::Tensor PublishedScorer::features_of(const Image& picture) {
    if (picture.width < 1 || picture.height < 1 || picture.channels != 3 ||
        picture.pixels.size() != picture.row_bytes() * std::size_t(picture.height))
        refuse(Errc::wrong_input, "a picture to score by that is not RGB");
    if (!info_.takes_pictures) return {};
    read_picture();
    return unit(picture_->features(for_clip(to_bytes(picture, target_.device), sizes_.picture)));
}

void PublishedScorer::judge_quality(const DistinctViews& views, Score& score) const {
    const auto logits =
        in_parts(for_quality(views.pictures, sizes_.quality),
                 [&](const at::Tensor& part) { return quality_->logits(quality_->token(part)); });
    score.quality_of_view = values_of<float>(views.of_each(1 / (1 + at::exp(-logits))));
    score.iqa = formula::mean_quality(score.quality_of_view);
}

void PublishedScorer::compare_neighbours(const DistinctViews& views, Score& score) const {
    const auto index = [&](std::size_t shift) {
        std::vector<std::int64_t> rows;
        for (std::size_t i = 0; i < views.of.size(); ++i)
            rows.push_back(views.of[(i + shift) % views.of.size()]);
        return at::tensor(at::ArrayRef<std::int64_t>(rows), at::kLong).to(target_.device);
    };
    const auto each = index(0), next = index(1);
    score.ssim_of_pair = values_of<double>(ssim(for_ssim(views.pictures), each, next));
    score.ssim = formula::geometric_mean<double>(score.ssim_of_pair);
    if (!lpips_) {
        score.lpips = kNan;
        return;
    }
    const auto layers =
        lpips_->distances(lpips_->features(for_lpips(views.pictures, sizes_.lpips)), each, next);
    score.lpips_distance_of_pair = values_of<double>(layers.sum(1));
    score.lpips = 1 - formula::geometric_mean<double>(score.lpips_distance_of_pair);
}

void PublishedScorer::align(const DistinctViews& views, const Query& query, Score& score) const {
    score.alignment = kNan;
    if (!query.features.defined()) return;
    const auto input = for_clip(views.pictures, query.words ? sizes_.text : sizes_.picture);
    const auto seen = in_parts(input, [&](const at::Tensor& part) {
        return query.words ? text_->pictures.features(part) : picture_->features(part);
    });
    const auto cosines = at::linear(unit(seen), query.features).flatten();
    score.cosine_of_view = values_of<float>(views.of_each(cosines));
    score.alignment = query.words ? formula::text_alignment(score.cosine_of_view)
                                  : formula::picture_alignment(score.cosine_of_view);
}

Score PublishedScorer::score_of(std::span<const Image> views, const Query& query) {
    if (views.size() != kScoredViews && views.size() + 1 != kScoredViews)
        refuse(Errc::wrong_input, std::to_string(views.size()) + " views; 15 or 16 are scored");
    const auto& first = views.front();
    for (const auto& view : views)
        if (view.channels != 3 || view.width != first.width || view.height != first.height ||
            std::min(view.width, view.height) < kLeastSide ||
            std::max(view.width, view.height) > kMostSide ||
            view.pixels.size() != view.row_bytes() * std::size_t(view.height))
            refuse(Errc::wrong_input, "views that are not RGB of one size");
    auto distinct = distinct_views(views, target_.device);
    if (views.size() < kScoredViews) distinct.of.push_back(distinct.of.front());

    Score score;
    judge_quality(distinct, score);
    compare_neighbours(distinct, score);
    align(distinct, query, score);

    auto terms = formula::terms(score.iqa, score.alignment, score.ssim, score.lpips);
    const auto lacks = [&](const char* part) {
        return "no " + std::string(part) + "/ in " + options_.folder;
    };
    double alignment = score.alignment;
    if (!query.features.defined()) {
        terms.alignment = options_.alignment_instead;
        alignment = 1;  // nothing says that it is too low
        score.left_out.push_back({ScorePart::alignment, options_.alignment_instead,
                                  lacks(query.words ? "text" : "picture")});
    }
    if (!lpips_) {
        terms.lpips = float(kLpipsInstead);
        score.left_out.push_back({ScorePart::lpips, kLpipsInstead, lacks("lpips")});
    }
    score.total = formula::total(terms, alignment);
    return score;
}

}  // namespace

config::Result<std::unique_ptr<Scorer>> open_published_scorer(const ScorerOptions& options) {
    return guarded([&]() -> config::Result<std::unique_ptr<Scorer>> {
        config::Generator settings;
        settings.device = options.device;
        settings.dtype = options.dtype;
        return std::make_unique<PublishedScorer>(options, choose_target(settings));
    });
}

}  // namespace generator
