// A GPU's memory: what is told of it, what networks need, and what happens when there is none left.
#include "generator/bench.hpp"
#include "generator/errc.hpp"
#include "generator/score/scorer.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/trellis/trellis.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>

using generator::Errc;

namespace {

config::Generator on_gpu() {
    config::Generator settings;
    settings.device = "cuda";
    settings.dtype = "fp16";
    settings.matting = "never";
    return settings;
}

// Takes all of the GPU's memory that is free, down to what one tensor takes at least.
class Full {
public:
    Full() {
        generator::empty_caches();
        const auto options = at::TensorOptions(at::kByte).device(at::kCUDA);
        for (std::int64_t size = std::int64_t(1) << 38; size >= 256;) {
            try {
                taken_.push_back(at::empty({size}, options));
            } catch (const c10::OutOfMemoryError&) {
                size /= 2;
            }
        }
    }
    ~Full() {
        taken_.clear();
        generator::empty_caches();
    }
    Full(const Full&) = delete;
    Full& operator=(const Full&) = delete;

private:
    std::vector<at::Tensor> taken_;
};

generator::Condition grey(int side) {
    return generator::Image{
        side, side, 3, std::vector<std::uint8_t>(std::size_t(side) * std::size_t(side) * 3, 128)};
}

}  // namespace

TEST_CASE("the GPU tells how much of its memory is free before anything is loaded") {
    const auto report = generator::look_at_device(on_gpu()).value();
    CHECK(report.choice.gpu == 0);
    CHECK(report.choice.words.starts_with("cuda:0 "));
    const auto& memory = report.memory;
    REQUIRE(memory.has_value());
    CHECK(memory->total_bytes > 1'000'000'000);
    CHECK(memory->used_bytes > 0);
    CHECK(memory->used_bytes < memory->total_bytes);
}

TEST_CASE("a task on a GPU that is full fails as such, and the next one has room again") {
    const auto made = generator::make_trellis(on_gpu()).value();
    REQUIRE(made->warm_up().has_value());
    const auto picture = grey(made->info().picture_size);
    const auto structure =
        made->generate_structure(generator::Prompt{"a red chair"}, 1, {}).value();
    {
        const Full full;
        const auto failed = made->generate_structure(picture, 1, {});
        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().code == Errc::out_of_memory);
        CHECK(failed.error().detail.find("generator.dtype") != std::string::npos);
        const auto splats = made->generate_splats(*structure, nullptr, {});
        REQUIRE_FALSE(splats.has_value());
        CHECK(splats.error().code == Errc::out_of_memory);
    }
    CHECK(made->generate_splats(*structure, nullptr, {}).value().splats.size() > 0);
    CHECK(made->generate_structure(generator::Prompt{"a red chair"}, 1, {}).value()->voxels() ==
          structure->voxels());
}

TEST_CASE("what a failed task held is given back to other programs") {
    const auto made = generator::make_trellis(on_gpu()).value();
    generator::empty_caches();
    constexpr std::int64_t kHeld = std::int64_t(1) << 30;
    const auto before = made->memory().value().used_bytes;
    const auto failed = generator::guarded([]() -> config::Result<int> {
        const auto bytes = at::TensorOptions(at::kByte).device(at::kCUDA);
        const auto held = at::empty({kHeld}, bytes);
        const auto too_much = at::empty({std::int64_t(1) << 50}, bytes);
        return int(held.numel() + too_much.numel());
    });
    CHECK(failed.error().code == Errc::out_of_memory);
    CHECK(made->memory().value().used_bytes < before + kHeld / 2);
}

TEST_CASE("a model whose weights have no room is refused before it is read, with what helps") {
    const Full full;
    const auto refused = generator::make_trellis(on_gpu());
    REQUIRE_FALSE(refused.has_value());
    INFO(refused.error().message());
    CHECK(refused.error().code == Errc::out_of_memory);
    CHECK(refused.error().detail.starts_with("needs about "));
    CHECK(refused.error().detail.find("nvidia-smi") != std::string::npos);
}

TEST_CASE("a scorer that finds no room says so, and scores once there is some") {
    generator::ScorerOptions options;
    options.device = "cuda";
    options.random_weights = true;
    const auto scorer = generator::open_published_scorer(options).value();
    {
        const Full full;
        const auto failed = scorer->ask(generator::Prompt{"a red chair"});
        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().code == Errc::out_of_memory);
    }
    CHECK(scorer->ask(generator::Prompt{"a red chair"}).has_value());
}

TEST_CASE("a published model takes no more than is said beforehand, and not much less") {
    const std::string model = GENERATE("trellis-image-large", "trellis-text-base",
                                       "trellis-text-large", "trellis-text-xlarge");
    auto settings = on_gpu();
    settings.dtype = GENERATE("fp16", "fp32");
    generator::empty_caches();
    const auto report = generator::bench_random(
                            {.model = model, .voxels = 25'000, .steps = 2, .runs = 1}, settings, {})
                            .value();
    REQUIRE(report.fit.has_value());
    const auto& need = report.fit->need;
    const double said = double(need.weights + need.workspace), took = double(report.peaks.most());
    UNSCOPED_INFO(model << " in " << settings.dtype << ": " << said / 1e9 << " GB said, "
                        << took / 1e9 << " GB taken: built " << double(report.peaks.build) / 1e9
                        << ", warmed up " << double(report.peaks.warm_up) / 1e9 << ", structure "
                        << double(report.peaks.structure) / 1e9 << ", splats "
                        << double(report.peaks.splats) / 1e9 << "; asked the driver "
                        << report.device_allocations.value_or(-1) << " times");
    CHECK(took < 1.05 * said);
    CHECK(took > 0.75 * said);
}

TEST_CASE("the published scorer takes no more than is said beforehand, and not much less") {
    config::Score settings;
    settings.device = "cuda";
    settings.dtype = GENERATE("fp16", "fp32");
    generator::empty_caches();
    const auto report =
        generator::bench_scorer({.voxels = 10'000, .runs = 2}, settings, {}).value();
    REQUIRE(report.fit.has_value());
    const auto& need = report.fit->need;
    const double said = double(need.weights + need.workspace);
    UNSCOPED_INFO(said / 1e9 << " GB said, " << double(report.pictures.peak_bytes) / 1e9
                             << " taken");
    CHECK(double(report.pictures.peak_bytes) < 1.05 * said);
    CHECK(double(report.pictures.peak_bytes) > 0.75 * said);
}
