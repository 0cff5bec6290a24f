// A generator that makes what a test tells it to: one of the three seams where tests fake.
#pragma once

#include "generator/errc.hpp"
#include "generator/generator.hpp"
#include "generator/image/decode.hpp"
#include "miner/generation/device.hpp"
#include "tests/support/guarded.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace tests {

// Shared between the test and the generators it hands in, which run on other threads. What is no
// atomic and not guarded is set before the first of them runs.
struct Script {
    std::string device = "cpu";
    Guarded<std::vector<std::int64_t>> voxels;  // of each structure in turn; -1: it fails
    Guarded<generator::Errc> failure{generator::Errc::internal};
    Guarded<std::chrono::milliseconds> delay;  // of each stage 1; polls the stop token
    // No stage 1 ends while it is held, or before so many have begun. Both fail after ten minutes.
    std::atomic<bool> held = false;
    int meeting = 0;
    std::atomic<int> stage1_runs = 0;
    std::atomic<int> stage2_runs = 0;
    // Called with the number of each cut_out, from 0: whether it finds no object.
    std::function<bool(int)> no_object;
    // Called as each begins, with its number from 0; may throw.
    std::function<void(int)> at_stage1, at_stage2;
    std::function<void()> at_stop;  // called where a stage 1 at work is told to stop
    std::atomic<int> at_work = 0;   // of both stages
    std::atomic<bool> repainted = false;
    Guarded<std::vector<bool>> dull{{false}};  // of each stage 2 in turn: one opacity
    Guarded<std::vector<bool>> full{{false}};  // of each stage 2 in turn: the memory ran out
    bool bad_mask = false;                     // of each cut_out
    Guarded<std::vector<bool>> no_room_to_cut{{false}};  // of each in turn: the memory ran out
    std::atomic<int> cut_outs = 0;
    std::atomic<bool> warming = false;  // a warm-up ends when this does; fails after ten minutes
    std::atomic<int> warm_ups = 0;      // that began
    bool takes_pictures = true, takes_prompts = true;
    std::atomic<bool> not_finite = false;  // every splat of stage 2
    int kinds = 1;                         // of splats, in turn
    bool goes_round = false;  // `voxels` begin anew after their last, which else repeats
    bool remembers = true;    // what stage 1 took, below
    Guarded<std::vector<generator::Image>> pictures;  // that stage 1 took
    Guarded<std::vector<generator::Views>> views;     // likewise
    Guarded<std::vector<std::string>> prompts;        // likewise
    Guarded<std::vector<std::uint64_t>> seeds;
};

class FakeStructure final : public generator::Structure {
public:
    explicit FakeStructure(std::int64_t voxels) : voxels_(voxels) {
        times_.encode = 1;
        times_.structure = 2;
        times_.occupancy = 3;
    }
    std::int64_t voxels() const override { return voxels_; }
    std::int64_t gaussians() const override { return 32 * voxels_; }
    const generator::StageTimes& times() const override { return times_; }

private:
    std::int64_t voxels_;
    generator::StageTimes times_;
};

class FakeGenerator final : public generator::Generator {
public:
    explicit FakeGenerator(std::shared_ptr<Script> script) : script_(std::move(script)) {
        info_ = {.name = "fake",
                 .device = script_->device,
                 .dtype = "fp32",
                 .picture_size = script_->takes_pictures ? 16 : 0,
                 .takes_prompts = script_->takes_prompts,
                 .resolution = 16,
                 .gaussians_per_voxel = 32,
                 .parameters = 1};
    }

    const generator::ModelInfo& info() const override { return info_; }

    config::Result<void> warm_up() override {
        ++script_->warm_ups;
        const auto begin = std::chrono::steady_clock::now();
        while (script_->warming) {
            if (std::chrono::steady_clock::now() > begin + std::chrono::minutes(10))
                return config::fail(generator::Errc::internal, "kept warming for too long");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return {};
    }

    config::Result<generator::Image> cut_out(const generator::Image& rgba) override {
        if (script_->no_room_to_cut.in_turn(std::size_t(script_->cut_outs++)))
            return config::fail(generator::Errc::out_of_memory, "as scripted");
        if (script_->bad_mask) return config::fail(generator::Errc::bad_mask, "as scripted");
        if (script_->no_object && script_->no_object(script_->cut_outs - 1))
            return config::fail(generator::Errc::bad_mask, "as scripted");
        auto cut = rgba;
        for (std::size_t i = 3; i < cut.pixels.size(); i += 4 * 5) cut.pixels[i] = 0;
        return cut;
    }

    config::Result<std::unique_ptr<generator::Structure>> generate_structure(
        const generator::Condition& condition, std::uint64_t seed, std::stop_token stop) override {
        const AtWork at_work(*script_);
        if (script_->at_stage1) script_->at_stage1(script_->stage1_runs);
        const bool prompt = std::holds_alternative<generator::Prompt>(condition);
        if (!(prompt ? script_->takes_prompts : script_->takes_pictures))
            return config::fail(generator::Errc::wrong_input, "fake");
        if (script_->remembers) remember(condition, seed);
        const std::stop_callback told(stop, [this] {
            if (script_->at_stop) script_->at_stop();
        });
        using Clock = std::chrono::steady_clock;
        const auto begin = Clock::now(), until = begin + script_->delay.get();
        const int index = script_->stage1_runs++;  // a test that waits for it may change the script
        const auto is_kept = [&] {
            return script_->held || script_->stage1_runs < script_->meeting;
        };
        while (Clock::now() < until || is_kept()) {
            if (stop.stop_requested()) return config::fail(generator::Errc::cancelled);
            if (is_kept() && Clock::now() > begin + std::chrono::minutes(10))
                return config::fail(generator::Errc::internal, "kept for too long");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (stop.stop_requested()) return config::fail(generator::Errc::cancelled);
        const auto turns = script_->goes_round ? script_->voxels.size() : std::size_t(-1);
        const auto voxels = script_->voxels.in_turn(std::size_t(index) % turns);
        if (voxels < 0) return config::fail(script_->failure.get(), "as scripted");
        if (voxels == 0) return config::fail(generator::Errc::no_voxels);
        return std::unique_ptr<generator::Structure>(std::make_unique<FakeStructure>(voxels));
    }

    config::Result<generator::GeneratedSplats> generate_splats(
        const generator::Structure& structure, const generator::Condition* repaint,
        std::stop_token stop) override {
        const AtWork at_work(*script_);
        if (stop.stop_requested()) return config::fail(generator::Errc::cancelled);
        if (script_->at_stage2) script_->at_stage2(script_->stage2_runs);
        const auto index = std::size_t(script_->stage2_runs++);
        const bool dull = script_->dull.in_turn(index);
        if (script_->full.in_turn(index))
            return config::fail(generator::Errc::out_of_memory, "as scripted");
        if (repaint) script_->repainted = true;
        generator::GeneratedSplats result;
        auto& s = result.splats;
        const auto kind = int(index) % script_->kinds;
        const float red = 0.1f + float(kind % 100) / 200, green = 0.2f + float(kind / 100) / 200;
        for (std::int64_t i = 0; i < structure.gaussians(); ++i) {
            const float t = float(i) / float(structure.gaussians());
            s.position.push_back({t - 0.5f, float(i % 7) / 7 - 0.5f, float(i % 11) / 11 - 0.5f});
            s.colour.push_back({red, green, t});
            s.scale.push_back({0.01f, 0.01f, 0.01f});
            s.rotation.push_back({1, t, 0.1f, 0});
            s.opacity.push_back(dull ? 0.5f : 0.5f + 0.4f * t);
        }
        if (script_->not_finite)
            for (auto& place : s.position) place[0] = std::numeric_limits<float>::quiet_NaN();
        result.times.latent = 4;
        result.times.gaussians = 5;
        return result;
    }

private:
    void remember(const generator::Condition& condition, std::uint64_t seed) {
        if (const auto* picture = std::get_if<generator::Image>(&condition))
            script_->pictures.push_back(*picture);
        else if (const auto* views = std::get_if<generator::Views>(&condition))
            script_->views.push_back(*views);
        else
            script_->prompts.push_back(std::get<generator::Prompt>(condition).text);
        script_->seeds.push_back(seed);
    }

    struct AtWork {
        explicit AtWork(Script& at) : script(at) { ++script.at_work; }
        AtWork(const AtWork&) = delete;
        AtWork& operator=(const AtWork&) = delete;
        ~AtWork() { --script.at_work; }
        Script& script;
    };

    std::shared_ptr<Script> script_;
    generator::ModelInfo info_;
};

inline miner::MakeGenerator make_fake(std::shared_ptr<Script> script) {
    return [script](
               const config::Generator&) -> config::Result<std::unique_ptr<generator::Generator>> {
        return std::unique_ptr<generator::Generator>(std::make_unique<FakeGenerator>(script));
    };
}

// A small cut-out picture: a coloured square on nothing.
inline std::vector<std::uint8_t> small_png() {
    generator::Image image{.width = 24,
                           .height = 20,
                           .channels = 4,
                           .pixels = std::vector<std::uint8_t>(24 * 20 * 4, 0)};
    for (int y = 5; y < 15; ++y)
        for (int x = 6; x < 18; ++x) {
            auto* p = &image.pixels[std::size_t(y * 24 + x) * 4];
            p[0] = std::uint8_t(10 * x);
            p[1] = std::uint8_t(12 * y);
            p[2] = 90;
            p[3] = 255;
        }
    return generator::encode_png(image);
}

}  // namespace tests
