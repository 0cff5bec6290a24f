#include "generator/score/embedded_scorer.hpp"

#include "generator/models/dinov2.hpp"
#include "generator/models/text_encoder.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/score/inputs.hpp"
#include "generator/score/judge_input.hpp"
#include "generator/score/judge_network.hpp"
#include "generator/trellis/device.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/weights/args.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Args read_args(const Files& files, const std::string& name) {
    return Args::parse(or_refuse(files.open(name)), files.where() + "/" + name).object("args");
}

Bundle read_weights(const Files& files, const std::string& name, const ComputeTarget& target) {
    return {or_refuse(Safetensors::parse(or_refuse(files.open(name)), files.where() + "/" + name)),
            target.device, target.dtype};
}

// Takes all of its weights from ckpts/NAME.safetensors, as ckpts/NAME.json has it.
template <class Make>
auto read_network(const Files& files, const std::string& name, const ComputeTarget& target,
                  std::int64_t& parameters, Make make) {
    auto bundle = read_weights(files, "ckpts/" + name + ".safetensors", target);
    auto network = make(read_args(files, "ckpts/" + name + ".json"), bundle);
    bundle.expect_all_taken();
    parameters += bundle.parameters();
    return network;
}

struct JudgeQuery final : ScoreQuery {
    at::Tensor asked;  // [1, W]
};

double logistic(double logit) { return 1 / (1 + std::exp(-logit)); }

class EmbeddedScorer final : public Scorer {
public:
    EmbeddedScorer(const ComputeTarget& target, const Files& files)
        : target_(target),
          sizes_(JudgeNetwork::Config::read(read_args(files, "ckpts/judge.json"))),
          encoder_(read_network(files, "dinov2_nano_reg", target, info_.parameters,
                                [&](const Args& args, Bundle& bundle) {
                                    const auto config = DinoV2::Config::read(args);
                                    picture_size_ = int(config.picture_size);
                                    return DinoV2(config, bundle);
                                })),
          text_encoder_(read_network(files, "clip_nano", target, info_.parameters,
                                     [&](const Args& args, Bundle& bundle) {
                                         return TextEncoder(Tokenizer::read(files, "tokenizer"),
                                                            ClipText::Config::read(args), bundle);
                                     })),
          judge_(read_network(
              files, "judge", target, info_.parameters,
              [&](const Args&, Bundle& bundle) { return JudgeNetwork(sizes_, bundle); })) {
        info_.name = "trellis-nano's judge (" + files.where() + ")";
        info_.device = target.device_name();
        info_.dtype = target.dtype_name();
        info_.takes_prompts = info_.takes_pictures = true;
        info_.views = {sizes_.step, sizes_.side};
    }

    const ScorerInfo& info() const override { return info_; }

    config::Result<std::unique_ptr<ScoreQuery>> ask(const ScoreCondition& condition) override {
        return guarded([&]() -> config::Result<std::unique_ptr<ScoreQuery>> {
            auto query = std::make_unique<JudgeQuery>();
            if (const auto* prompt = std::get_if<Prompt>(&condition))
                query->asked = judge_.words(text_encoder_.condition(prompt->text));
            else
                query->asked = asked_by(std::get<Image>(condition));
            return query;
        });
    }

    config::Result<Score> score(std::span<const Image> views, const ScoreQuery& query) override {
        return guarded([&]() -> config::Result<Score> {
            return score_of(views, dynamic_cast<const JudgeQuery&>(query));
        });
    }

private:
    at::Tensor pooled(const Image& prepared) const {
        const auto bytes = to_bytes({&prepared, 1}, target_.device)[0];
        return judge_.pool(encoder_.condition(encoder_.features(bytes)));
    }

    at::Tensor asked_by(const Image& picture) const {
        if (picture.width < 1 || picture.height < 1 || picture.channels != 3 ||
            picture.pixels.size() != picture.row_bytes() * std::size_t(picture.height))
            refuse(Errc::wrong_input, "a picture to score by that is not RGB");
        return judge_.picture(pooled(picture_for_judge(picture, picture_size_).picture));
    }

    void expect_views(std::span<const Image> views) const;
    Score score_of(std::span<const Image> views, const JudgeQuery& query) const;

    ComputeTarget target_;
    ScorerInfo info_;
    JudgeNetwork::Config sizes_;
    int picture_size_ = 0;
    DinoV2 encoder_;
    TextEncoder text_encoder_;
    JudgeNetwork judge_;
};

void EmbeddedScorer::expect_views(std::span<const Image> views) const {
    const auto side = std::to_string(sizes_.side);
    if (std::int64_t(views.size()) != sizes_.views())
        refuse(Errc::wrong_input, std::to_string(views.size()) + " views; " +
                                      std::to_string(sizes_.views()) + " are scored");
    for (const auto& view : views)
        if (view.channels != 3 || view.width != sizes_.side || view.height != sizes_.side ||
            view.pixels.size() != view.row_bytes() * std::size_t(view.height))
            refuse(Errc::wrong_input, "views that are not RGB of " + side + " x " + side);
}

Score EmbeddedScorer::score_of(std::span<const Image> views, const JudgeQuery& query) const {
    expect_views(views);
    std::vector<at::Tensor> rows;
    std::vector<float> frames;
    for (const auto& view : views) {
        const auto judged = picture_for_judge(view, picture_size_);
        rows.push_back(pooled(judged.picture));
        frames.insert(frames.end(), judged.frame.begin(), judged.frame.end());
    }
    const auto frame = at::tensor(at::ArrayRef<float>(frames), at::kFloat)
                           .view({std::int64_t(views.size()), -1})
                           .to(target_.device);
    const auto verdict = judge_.judge(at::cat(rows), frame, query.asked);

    Score score;
    score.total = logistic(verdict.total.item<float>());
    score.alignment = logistic(verdict.match.item<float>());
    score.iqa = logistic(verdict.quality_of_view.mean().item<float>());
    score.ssim = score.lpips = kNan;
    const auto quality = verdict.quality_of_view.to(at::kCPU),
               cosine = verdict.cosine_of_view.to(at::kCPU);
    for (std::size_t i = 0; i < views.size(); ++i) {
        const auto place = i * std::size_t(sizes_.step);
        score.quality_of_view[place] = float(logistic(quality[std::int64_t(i)].item<float>()));
        score.cosine_of_view[place] = cosine[std::int64_t(i)].item<float>();
    }
    const std::string why = "the embedded judge has none";
    score.left_out = {{ScorePart::ssim, 0, why}, {ScorePart::lpips, 0, why}};
    return score;
}

}  // namespace

config::Result<std::unique_ptr<Scorer>> open_embedded_scorer(const std::string& device) {
    return open_embedded_scorer(device, *embedded_files());
}

config::Result<std::unique_ptr<Scorer>> open_embedded_scorer(const std::string& device,
                                                             const Files& files) {
    return guarded([&]() -> config::Result<std::unique_ptr<Scorer>> {
        config::Generator settings;
        settings.device = device;
        settings.dtype = "fp32";
        return std::make_unique<EmbeddedScorer>(choose_target(settings), files);
    });
}

}  // namespace generator
