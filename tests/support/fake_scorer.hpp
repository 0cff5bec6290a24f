// A scorer that says what a test tells it to: one of the seams where tests fake.
#pragma once

#include "generator/errc.hpp"
#include "generator/score/scorer.hpp"
#include "miner/generation/predictor.hpp"
#include "tests/support/guarded.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace tests {

// Shared between the test and the scorers it hands in, which run on other threads.
struct ScorerScript {
    Guarded<std::vector<double>> totals{{0.7}};  // of each score in turn, the last repeats
    bool left_out = false;                       // LPIPS
    bool no_load = false, no_query = false;      // it fails
    std::atomic<int> fails_from = 1'000'000;     // scores from this number on, from 0, fail
    generator::Errc failure = generator::Errc::wrong_input;  // how they do
    std::atomic<bool> gone = false;                          // the scorer was taken down
    std::atomic<bool> held = false;            // no score ends while it is; fails after ten minutes
    std::atomic<bool> asks_held = false;       // nor does an ask while this is; likewise
    std::function<bool(int)> may_end;          // and none before this holds for its number, from 0
    Guarded<std::vector<bool>> full{{false}};  // of each score in turn: the memory ran out
    std::atomic<int> begun = 0;
    std::atomic<int> ended = 0;
    Guarded<std::vector<generator::ScoreCondition>> conditions;  // that were asked for
};

class FakeScorer final : public generator::Scorer {
public:
    explicit FakeScorer(std::shared_ptr<ScorerScript> script) : script_(std::move(script)) {
        info_.name = "fake";
        info_.device = "cpu";
        info_.dtype = "fp32";
        info_.takes_prompts = info_.takes_pictures = true;
        info_.views = {.step = 15, .side = 16};
    }

    ~FakeScorer() override { script_->gone = true; }

    const generator::ScorerInfo& info() const override { return info_; }

    config::Result<std::unique_ptr<generator::ScoreQuery>> ask(
        const generator::ScoreCondition& condition) override {
        script_->conditions.push_back(condition);
        const auto begin = std::chrono::steady_clock::now();
        while (script_->asks_held) {
            if (std::chrono::steady_clock::now() > begin + std::chrono::minutes(10))
                return config::fail(generator::Errc::internal, "kept for too long");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (script_->no_query) return config::fail(generator::Errc::bad_prompt, "as scripted");
        return std::make_unique<generator::ScoreQuery>();
    }

    config::Result<generator::Score> score(std::span<const generator::Image> views,
                                           const generator::ScoreQuery&) override {
        const int index = script_->begun++;
        const Ended ended{*script_};
        const auto begin = std::chrono::steady_clock::now();
        while (script_->held || (script_->may_end && !script_->may_end(index))) {
            if (std::chrono::steady_clock::now() > begin + std::chrono::minutes(10))
                return config::fail(generator::Errc::internal, "kept for too long");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (views.size() != 1) return config::fail(generator::Errc::wrong_input, "other views");
        if (script_->full.in_turn(std::size_t(index)))
            return config::fail(generator::Errc::out_of_memory, "as scripted");
        if (index >= script_->fails_from) return config::fail(script_->failure, "as scripted");
        generator::Score score;
        score.total = script_->totals.in_turn(std::size_t(index));
        score.iqa = score.alignment = score.ssim = 0.5;
        score.lpips = script_->left_out ? std::numeric_limits<double>::quiet_NaN() : 0.5;
        if (script_->left_out)
            score.left_out.push_back({generator::ScorePart::lpips, 0.02, "as scripted"});
        return score;
    }

private:
    struct Ended {
        ScorerScript& script;
        ~Ended() { ++script.ended; }
    };

    std::shared_ptr<ScorerScript> script_;
    generator::ScorerInfo info_;
};

inline miner::MakeRasterizer make_cpu_rasterizer() {
    return [](const std::string&) -> config::Result<generator::Rasterizer> {
        return [](const generator::Gaussians& gaussians, const generator::Camera& camera) {
            return generator::rasterize(gaussians, camera, {.threads = 1});
        };
    };
}

inline miner::MakePredictor make_fake_predictor(std::shared_ptr<ScorerScript> script) {
    return {[script](const config::Score&) -> config::Result<std::unique_ptr<generator::Scorer>> {
                if (script->no_load)
                    return config::fail(generator::Errc::missing_file, "as scripted");
                return std::unique_ptr<generator::Scorer>(std::make_unique<FakeScorer>(script));
            },
            make_cpu_rasterizer()};
}

}  // namespace tests
