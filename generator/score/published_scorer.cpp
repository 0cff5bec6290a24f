#include "generator/nano/embedded.hpp"
#include "generator/render/validator_views_cuda.hpp"
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
#include <ATen/Parallel.h>

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
    Query() = default;
    Query(bool of_words, at::Tensor unit_vector)
        : words(of_words), features(std::move(unit_vector)) {}

    bool words = false;   // else a picture
    at::Tensor features;  // [1, E] fp32, a unit vector; undefined when the alignment is left out
};

void expect_views(std::span<const Image> views) {
    if (views.size() != kScoredViews && views.size() + 1 != kScoredViews)
        refuse(Errc::wrong_input, std::to_string(views.size()) + " views; 15 or 16 are scored");
    const auto& first = views.front();
    for (const auto& view : views)
        if (view.channels != 3 || view.width != first.width || view.height != first.height ||
            std::min(view.width, view.height) < kLeastSide ||
            std::max(view.width, view.height) > kMostSide ||
            view.pixels.size() != view.row_bytes() * std::size_t(view.height))
            refuse(Errc::wrong_input, "views that are not RGB of one size");
}

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
            expect_views(views);
            return score_of(to_bytes(views, target_.device), dynamic_cast<const Query&>(query));
        });
    }

    config::Result<Score> score_splats(const StoredSplats& splats, const Rasterizer& rasterizer,
                                       const ScoreQuery& query) override;

private:
    struct Text {
        Tokenizer tokenizer;
        ClipWords words;
        std::int64_t length;
        ConvNext pictures;
    };

    Tokenizer read_tokenizer() const;
    void read_quality();
    void read_lpips();
    void read_text();
    void read_picture();

    at::Tensor features_of(const Prompt& prompt);
    at::Tensor features_of(const Image& picture);
    Score score_of(const at::Tensor& views, const Query& query) const;
    void leave_out(const Query& query, Score& score, formula::Terms& terms) const;
    at::Tensor quality_of(const at::Tensor& pictures) const;
    at::Tensor cosines_of(const at::Tensor& pictures, const Query& query) const;

    // What a GPU does only once is done before the first score: kernels are loaded, and cuDNN makes
    // its plans for inputs whose sizes never change.
    void warm_up(const Query& query) const;

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
    warm_up({});
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

Tokenizer PublishedScorer::read_tokenizer() const {
    if (!options_.tokenizer.empty()) return Tokenizer::read(*folder_files(options_.tokenizer), "");
    // Whose ids all CLIPs know.
    if (options_.random_weights) return Tokenizer::read(*embedded_files(), "tokenizer");
    return Tokenizer::read(*files_, "text");
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
    auto tokenizer = read_tokenizer();
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
    const bool first = !text_;
    read_text();
    const auto ids =
        or_refuse(text_->tokenizer.encode_as_open_clip(prompt.text, std::size_t(text_->length)));
    const auto features = unit(text_->words.features(ids));
    if (first) warm_up({true, features});
    return features;
}

at::Tensor PublishedScorer::features_of(const Image& picture) {
    if (picture.width < 1 || picture.height < 1 || picture.channels != 3 ||
        picture.pixels.size() != picture.row_bytes() * std::size_t(picture.height))
        refuse(Errc::wrong_input, "a picture to score by that is not RGB");
    if (!info_.takes_pictures) return {};
    const bool first = !picture_;
    read_picture();
    const auto bytes = to_bytes({&picture, 1}, target_.device);
    const auto features = unit(picture_->features(for_clip(bytes, sizes_.picture)));
    if (first) warm_up({false, features});
    return features;
}

// [D, H, W, 3] u8 -> [D] fp32.
at::Tensor PublishedScorer::quality_of(const at::Tensor& pictures) const {
    const auto logits =
        in_parts(for_quality(pictures, sizes_.quality),
                 [&](const at::Tensor& part) { return quality_->logits(quality_->token(part)); });
    return 1 / (1 + at::exp(-logits));
}

// Likewise.
at::Tensor PublishedScorer::cosines_of(const at::Tensor& pictures, const Query& query) const {
    const auto input = for_clip(pictures, query.words ? sizes_.text : sizes_.picture);
    const auto seen = in_parts(input, [&](const at::Tensor& part) {
        return query.words ? text_->pictures.features(part) : picture_->features(part);
    });
    return at::linear(unit(seen), query.features).flatten();
}

// views [15 or 16, H, W, 3] u8. All is launched before anything is waited for.
Score PublishedScorer::score_of(const at::Tensor& views, const Query& query) const {
    auto [pictures, of] = distinct_views(views);
    if (of.size() < kScoredViews) of.push_back(of.front());
    auto turned = of;
    std::rotate(turned.begin(), turned.begin() + 1, turned.end());
    const auto each = at::tensor(at::ArrayRef<std::int64_t>(of), at::kLong).to(target_.device);
    const auto next = at::tensor(at::ArrayRef<std::int64_t>(turned), at::kLong).to(target_.device);

    const auto quality = quality_of(pictures).index_select(0, each);
    const auto likeness = ssim(for_ssim(pictures), each, next);
    at::Tensor distances, cosines;
    if (lpips_) {
        const auto features = lpips_->features(for_lpips(pictures, sizes_.lpips));
        distances = lpips_->distances(features, each, next).sum(1);
    }
    if (query.features.defined()) cosines = cosines_of(pictures, query).index_select(0, each);

    Score score;
    score.alignment = score.lpips = kNan;
    score.quality_of_view = values_of<float>(quality);
    score.iqa = formula::mean_quality(score.quality_of_view);
    score.ssim_of_pair = values_of<double>(likeness);
    score.ssim = formula::geometric_mean<double>(score.ssim_of_pair);
    if (distances.defined()) {
        score.lpips_distance_of_pair = values_of<double>(distances);
        score.lpips = 1 - formula::geometric_mean<double>(score.lpips_distance_of_pair);
    }
    if (cosines.defined()) {
        score.cosine_of_view = values_of<float>(cosines);
        score.alignment = query.words ? formula::text_alignment(score.cosine_of_view)
                                      : formula::picture_alignment(score.cosine_of_view);
    }
    auto terms = formula::terms(score.iqa, score.alignment, score.ssim, score.lpips);
    leave_out(query, score, terms);
    // Nothing says that an alignment which was left out is too low.
    score.total = formula::total(terms, cosines.defined() ? score.alignment : 1);
    return score;
}

void PublishedScorer::leave_out(const Query& query, Score& score, formula::Terms& terms) const {
    const auto lacks = [&](const char* part) {
        return "no " + std::string(part) + "/ in " + options_.folder;
    };
    if (!query.features.defined()) {
        terms.alignment = options_.alignment_instead;
        score.left_out.push_back({ScorePart::alignment, options_.alignment_instead,
                                  lacks(query.words ? "text" : "picture")});
    }
    if (!lpips_) {
        terms.lpips = float(kLpipsInstead);
        score.left_out.push_back({ScorePart::lpips, kLpipsInstead, lacks("lpips")});
    }
}

config::Result<Score> PublishedScorer::score_splats(const StoredSplats& splats,
                                                    const Rasterizer& rasterizer,
                                                    const ScoreQuery& query) {
    if (target_.device.is_cuda())
        return guarded([&]() -> config::Result<Score> {
            const auto views = validator_views_cuda(splats, info_.views, target_.device.index());
            if (!views) return views.error();
            return score_of(*views, dynamic_cast<const Query&>(query));
        });
    return Scorer::score_splats(splats, rasterizer, query);
}

void PublishedScorer::warm_up(const Query& query) const {
    if (target_.device.is_cpu()) return;
    // As many as an object has, for few are sorted by other kernels.
    StoredSplats splats;
    splats.resize(100'000);
    for (std::size_t i = 0; i < splats.size(); ++i) {
        splats.position[i] = {float(i % 50), float(i / 50 % 50), float(i / 2500)};
        splats.rotation[i] = {1, 0, 0, 0};
    }
    or_refuse(validator_views_cuda(splats, info_.views, target_.device.index()));
    const auto side = info_.views.side;
    const auto options = at::TensorOptions(at::kByte).device(target_.device);
    score_of(at::zeros({std::int64_t(kScoredViews) - 1, side, side, 3}, options), query);
}

}  // namespace

config::Result<std::unique_ptr<Scorer>> open_published_scorer(const ScorerOptions& options) {
    return guarded([&]() -> config::Result<std::unique_ptr<Scorer>> {
        config::Generator settings;
        settings.device = options.device;
        settings.dtype = options.dtype;
        const auto target = choose_target(settings);
        if (options.threads > 0) at::set_num_threads(options.threads);
        // fp32 means fp32: without it cuDNN's convolutions would round to ten bits.
        at::globalContext().setAllowTF32CuDNN(false);
        return std::make_unique<PublishedScorer>(options, target);
    });
}

}  // namespace generator
