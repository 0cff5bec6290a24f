#include "generator/bench.hpp"

#include "config/elapsed.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/render/validator_views_cuda.hpp"
#include "generator/score/scorer.hpp"
#include "generator/splat/encode.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/spz.hpp"
#include "generator/trellis/bench.hpp"
#include "generator/trellis/device.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/trellis/need.hpp"
#include "generator/trellis/peak_memory.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <random>
#include <utility>

namespace generator {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kResolution = 64;  // of the grid that TRELLIS's voxels lie in
constexpr int kGaussians = 32;            // to a voxel
constexpr std::int64_t kMostVoxels = 100'000;
constexpr int kPictureSide = 1024;

// As export takes them: small, near their voxels, of every opacity, and of a colour that changes
// over the object.
std::vector<std::uint8_t> candidate(std::int64_t voxels, unsigned seed) {
    std::minstd_rand random(seed + 1);
    const auto between = [&](float low, float high) {
        return std::uniform_real_distribution<float>(low, high)(random);
    };
    Splats splats;
    for (const auto& voxel : hollow_ball(voxels, kResolution)) {
        const std::array at{voxel.x, voxel.y, voxel.z};
        for (int i = 0; i < kGaussians; ++i) {
            std::array<float, 3> position, colour, scale;
            for (std::size_t c = 0; c < 3; ++c) {
                position[c] = (float(at[c]) + between(-0.5F, 1.5F)) / float(kResolution) - 0.5F;
                colour[c] = std::sin(9 * position[c]) + between(-0.3F, 0.3F);
                scale[c] = std::exp(between(-6, -4.5F));
            }
            splats.position.push_back(position);
            splats.colour.push_back(colour);
            splats.scale.push_back(scale);
            splats.rotation.push_back({1, between(-1, 1), between(-1, 1), between(-1, 1)});
            splats.opacity.push_back(between(0.05F, 1));
        }
    }
    return encode_spz(splats).spz;
}

Image noise_picture() {
    Image picture{kPictureSide, kPictureSide, 3, {}};
    picture.pixels.resize(picture.row_bytes() * kPictureSide);
    std::minstd_rand random(1);
    for (auto& value : picture.pixels) value = std::uint8_t(random() >> 8);
    return picture;
}

class ScorerBench {
public:
    ScorerBench(Scorer& scorer, Rasterizer rasterizer, const ComputeTarget& target)
        : scorer_(scorer), rasterizer_(std::move(rasterizer)), target_(target) {}

    ScoredCandidate run(const std::vector<std::uint8_t>& spz, const ScoreQuery& query) {
        ScoredCandidate candidate{.bytes = std::int64_t(spz.size())};
        auto begin = Clock::now();
        if (const auto read = read_spz_as_validator(spz, splats_); !read)
            throw Refused(read.error());
        if (const auto objections = validator_objections(splats_); !objections.empty())
            refuse(Errc::internal, "a bench's splats: " + objections.front());
        candidate.read = config::milliseconds_since(begin);
        or_refuse(scorer_.score_splats(splats_, rasterizer_, query));
        candidate.total = config::milliseconds_since(begin);
        begin = Clock::now();
        draw(splats_);
        candidate.views = config::milliseconds_since(begin);
        candidate.score = std::max(0.0, candidate.total - candidate.read - candidate.views);
        candidate.gaussians = std::int64_t(splats_.size());
        return candidate;
    }

private:
    void draw(const StoredSplats& splats) const {
        const auto& plan = scorer_.info().views;
        if (target_.device.is_cuda()) {
            or_refuse(validator_views_cuda(splats, plan, target_.device.index()));
            return target_.synchronize();
        }
        or_refuse(validator_views(splats, rasterizer_, plan));
    }

    Scorer& scorer_;
    Rasterizer rasterizer_;
    ComputeTarget target_;
    StoredSplats splats_;  // read into, one candidate's after the other
};

// Number `run`: within a tenth of `voxels`.
std::int64_t voxels_of(std::int64_t voxels, int run) {
    const double part = double(run) * 0.618034 - std::floor(double(run) * 0.618034) - 0.5;
    return std::clamp<std::int64_t>(voxels + std::llround(double(voxels) / 5 * part), 1,
                                    kMostVoxels);
}

}  // namespace

config::Result<ScorerBenchReport> bench_scorer(const ScorerBenchOptions& options,
                                               const config::Score& settings,
                                               std::stop_token stop) {
    return guarded([&]() -> config::Result<ScorerBenchReport> {
        config::Generator wanted;
        wanted.device = settings.device;
        wanted.dtype = settings.dtype;
        const auto target = choose_target(wanted);
        const auto fit = look_whether_it_fits(published_scorer_need(target.dtype), target);
        look_at_peak(target);

        auto begin = Clock::now();
        ScorerOptions scorer_options;
        scorer_options.device = settings.device;
        scorer_options.dtype = settings.dtype;
        scorer_options.threads = options.threads;
        scorer_options.random_weights = true;
        const auto scorer = or_refuse(open_published_scorer(scorer_options));
        ScorerBench bench(*scorer, or_refuse(rasterizer_on(settings.device)), target);
        ScorerBenchReport report{.device = target.device_name(), .dtype = target.dtype_name()};
        report.open = config::milliseconds_since(begin);
        report.fit = fit;

        const int runs = options.runs.value_or(target.device.is_cpu() ? 1 : 20);
        const auto measure = [&](const ScoreCondition& first, const ScoreCondition& second) {
            ScorerKindReport kind;
            begin = Clock::now();
            or_refuse(scorer->ask(first));
            target.synchronize();
            kind.load = config::milliseconds_since(begin);
            begin = Clock::now();
            const auto query = or_refuse(scorer->ask(second));
            target.synchronize();
            kind.ask = config::milliseconds_since(begin);
            for (int run = 0; run < runs; ++run) {
                if (stop.stop_requested()) refuse(Errc::cancelled, "the bench");
                const auto spz = candidate(voxels_of(options.voxels, run), unsigned(run));
                kind.candidates.push_back(bench.run(spz, *query));
            }
            kind.peak_bytes = look_at_peak(target);
            return kind;
        };
        report.words = measure(Prompt{"a bench"}, Prompt{"a red wooden bench with a back"});
        const auto picture = noise_picture();
        report.pictures = measure(picture, picture);
        report.parameters = scorer->info().parameters;
        return report;
    });
}

}  // namespace generator
