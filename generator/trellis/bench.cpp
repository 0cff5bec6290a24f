#include "generator/bench.hpp"
#include "config/elapsed.hpp"

#include "config/embedded_file.hpp"
#include "generator/image/enhance.hpp"
#include "generator/image/prepare.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/splat/encode.hpp"
#include "generator/trellis/bench.hpp"
#include "generator/trellis/generator.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/trellis/need.hpp"
#include "generator/trellis/peak_memory.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

extern "C" const config::EmbeddedFile miner_bench_models[];
extern "C" const std::uint64_t miner_bench_models_count;

namespace generator {
namespace {

constexpr std::string_view kEnding = ".json";
constexpr const char* kPictureEncoder = "picture encoder";
constexpr const char* kTextEncoder = "text encoder";
constexpr const char* kStructureFlow = "structure flow";
constexpr const char* kStructureDecoder = "structure decoder";
constexpr const char* kLatentFlow = "latent flow";
constexpr const char* kGaussianDecoder = "Gaussian decoder";
constexpr const char* kTokenizer = "tokenizer";  // the embedded model's, whose ids all CLIPs know
constexpr std::int64_t kMostVoxels = 100'000;
constexpr int kBalls = 61;  // of a bench's generator

std::span<const config::EmbeddedFile> embedded_models() {
    return {miner_bench_models, std::size_t(miner_bench_models_count)};
}

Args open_model(const std::string& model) {
    std::string known;
    for (const auto& each : embedded_models()) {
        if (model + std::string(kEnding) == each.name) {
            const std::span data(each.data, std::size_t(each.size));
            return Args::parse({std::as_bytes(data), nullptr}, each.name).object("networks");
        }
    }
    for (const auto& name : bench_models()) known += (known.empty() ? "" : ", ") + name;
    refuse(Errc::missing_file, "no architecture '" + model.substr(0, 100) + "'; known: " + known);
}

// By its shapes alone.
template <class Network>
BenchNetwork measure(const Args& args, const char* name) {
    auto weights = Bundle::random(at::kMeta, at::kFloat);
    const Network network(Network::Config::read(args.object(name).object("args")), weights);
    return {name, weights.parameters()};
}

// As the published pipelines have it, but for the samplers' steps.
Manifest read_manifest(const Args& args, int steps) {
    const SamplerSettings sampler{
        .steps = steps, .guidance = 5, .guided_from = 0.5, .guided_to = 1, .rescale_t = 3};
    const auto spec = [&](const char* name) {
        return NetworkSpec{.role = name,
                           .path = name,
                           .weights = name,
                           .class_name = {},
                           .args = args.object(name).object("args")};
    };
    const bool words = args.has(kTextEncoder);
    Manifest manifest{.input = words ? Input::prompt : Input::picture,
                      .tokenizer = words ? kTokenizer : "",
                      .encoder = spec(words ? kTextEncoder : kPictureEncoder),
                      .structure_flow = spec(kStructureFlow),
                      .structure_decoder = spec(kStructureDecoder),
                      .latent_flow = spec(kLatentFlow),
                      .gaussian_decoder = spec(kGaussianDecoder),
                      .structure_sampler = sampler,
                      .latent_sampler = sampler,
                      .latent_mean = {},
                      .latent_std = {}};
    const auto channels = LatentFlow::Config::read(manifest.latent_flow.args).channels;
    manifest.latent_mean.assign(std::size_t(channels), 0);
    manifest.latent_std.assign(std::size_t(channels), 1);
    return manifest;
}

// ---------------------------------------------------------------- measuring

using Clock = std::chrono::steady_clock;

Image noise_picture() {
    constexpr int kSide = 1024;
    Image picture{kSide, kSide, 4, std::vector<std::uint8_t>(std::size_t(kSide) * kSide * 4, 255)};
    std::minstd_rand random(1);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i)
        if (i % 4 != 3) picture.pixels[i] = std::uint8_t(random() >> 8);
    return picture;
}

// What is measured, and where the networks are.
struct Bench {
    Args args;
    ComputeTarget target;
    Manifest manifest;
    std::int64_t parameters;

    Bench(const BenchOptions& options, const config::Generator& settings)
        : args(open_model(options.model)),
          target(choose_target(settings)),
          manifest(read_manifest(args, options.steps)),
          parameters(0) {
        if (settings.threads > 0) at::set_num_threads(settings.threads);
        at::globalContext().setAllowTF32CuDNN(false);
        for (const auto& network : or_refuse(bench_networks(options.model)))
            parameters += network.parameters;
    }

    std::unique_ptr<TrellisGenerator> build(const std::string& name) const {
        std::vector<Networks> pipelines;
        pipelines.push_back(Networks::random(*embedded_files(), target, manifest));
        return make_trellis(std::move(pipelines), target, name, std::nullopt);
    }
};

void raise(std::int64_t& most, std::int64_t to) { most = std::max(most, to); }

// One whole generation, as a device's lane and the packing after it do it.
BenchTask run_task(Generator& generator, const std::vector<Operation>& enhancement,
                   std::uint64_t seed, const std::stop_token& stop,
                   const std::function<void(std::int64_t BenchPeaks::*)>& look) {
    static Image picture = noise_picture();
    // Another one each time, as what the encoder made of the last few is kept.
    for (std::size_t i = 0; i < picture.row_bytes(); i += 4)
        picture.pixels[i] = std::uint8_t(picture.pixels[i] + 61);
    const auto begin = Clock::now();
    BenchTask task;
    Condition condition = Prompt{"a bench"};
    double prepare = -1;
    if (const auto size = generator.info().picture_size; size > 0) {
        condition = or_refuse(generator::prepare(enhance(picture, enhancement), size));
        prepare = config::milliseconds_since(begin);
    }
    const auto structure = or_refuse(generator.generate_structure(condition, seed, stop));
    look(&BenchPeaks::structure);
    const auto generated = or_refuse(generator.generate_splats(*structure, nullptr, stop));
    look(&BenchPeaks::splats);
    const auto packing = Clock::now();
    task.bytes = std::int64_t(encode_spz(generated.splats).spz.size());
    task.times = structure->times();
    task.times.prepare = prepare;
    task.times.latent = generated.times.latent;
    task.times.gaussians = generated.times.gaussians;
    task.times.compress = config::milliseconds_since(packing);
    task.total = config::milliseconds_since(begin);
    task.voxels = structure->voxels();
    task.gaussians = std::int64_t(generated.splats.size());
    return task;
}

// Number `run` of `runs`: within a tenth of `voxels`, no two alike where there are enough.
std::int64_t voxels_of(std::int64_t voxels, int run, int runs) {
    const auto spread = double(voxels) / 5;
    const auto part = (double(run) * 0.618034 - std::floor(double(run) * 0.618034)) - 0.5;
    return runs == 1
               ? voxels
               : std::clamp<std::int64_t>(voxels + std::llround(spread * part), 1, kMostVoxels);
}

}  // namespace

std::vector<Voxel> hollow_ball(std::int64_t count, std::int64_t resolution) {
    const double centre = double(resolution - 1) / 2, radius = 0.4 * double(resolution);
    std::vector<std::pair<double, Voxel>> all;
    const auto side = std::int32_t(resolution);
    for (std::int32_t x = 0; x < side; ++x)
        for (std::int32_t y = 0; y < side; ++y)
            for (std::int32_t z = 0; z < side; ++z) {
                const double away = std::hypot(x - centre, y - centre, z - centre);
                all.push_back({std::abs(away - radius), {x, y, z}});
            }
    std::sort(all.begin(), all.end());
    std::vector<Voxel> nearest;
    for (std::size_t i = 0; i < std::min(all.size(), std::size_t(count)); ++i)
        nearest.push_back(all[i].second);
    std::sort(nearest.begin(), nearest.end());
    return nearest;
}

std::vector<std::string> bench_models() {
    std::vector<std::string> names;
    for (const auto& each : embedded_models()) {
        const std::string_view name = each.name;
        names.emplace_back(name.substr(0, name.size() - kEnding.size()));
    }
    return names;
}

config::Result<std::vector<BenchNetwork>> bench_networks(const std::string& model) {
    return guarded([&]() -> config::Result<std::vector<BenchNetwork>> {
        const auto args = open_model(model);
        return std::vector<BenchNetwork>{args.has(kTextEncoder)
                                             ? measure<ClipText>(args, kTextEncoder)
                                             : measure<DinoV2>(args, kPictureEncoder),
                                         measure<StructureFlow>(args, kStructureFlow),
                                         measure<StructureDecoder>(args, kStructureDecoder),
                                         measure<LatentFlow>(args, kLatentFlow),
                                         measure<GaussianDecoder>(args, kGaussianDecoder)};
    });
}

config::Result<BenchReport> bench_random(const BenchOptions& options,
                                         const config::Generator& settings, std::stop_token stop) {
    return guarded([&]() -> config::Result<BenchReport> {
        const Bench bench(options, settings);
        const auto& target = bench.target;
        const auto enhancement = or_refuse(parse_chain(config::Enhance().standard));
        BenchReport report{.device = target.device_name(), .dtype = target.dtype_name()};
        report.networks = or_refuse(bench_networks(options.model));
        report.fit = look_whether_it_fits(
            need_of(NetworkConfigs::read(bench.manifest), bench.parameters, target.dtype), target);
        look_at_peak(target);
        const auto look = [&](std::int64_t BenchPeaks::*step) {
            raise(report.peaks.*step, look_at_peak(target));
        };

        auto begin = Clock::now();
        const auto generator = bench.build(options.model);
        target.synchronize();
        report.build = config::milliseconds_since(begin);
        look(&BenchPeaks::build);
        begin = Clock::now();
        if (const auto warm = generator->warm_up(); !warm) return warm.error();
        report.warm_up = config::milliseconds_since(begin);
        look(&BenchPeaks::warm_up);
        const auto before = count_device_allocations(target);

        const int runs = options.runs.value_or(target.device.is_cpu() ? 1 : 10);
        const auto voxels = std::clamp<std::int64_t>(options.voxels, 1, kMostVoxels);
        std::vector<Voxel> shape;
        generator->use_voxels([&] { return shape; });
        for (int run = 0; run < runs; ++run) {
            shape = hollow_ball(voxels_of(voxels, run, runs), generator->info().resolution);
            const auto task = [&] {
                return run_task(*generator, enhancement, std::uint64_t(run), stop, look);
            };
            report.new_shapes.push_back(task());
            if (runs > 1) report.once_more.push_back(task());
        }
        if (const auto after = count_device_allocations(target))
            report.device_allocations = *after - *before;
        return report;
    });
}

config::Result<std::unique_ptr<Generator>> make_bench_generator(const BenchOptions& options,
                                                                const config::Generator& settings) {
    return guarded([&]() -> config::Result<std::unique_ptr<Generator>> {
        const Bench bench(options, settings);
        look_whether_it_fits(
            need_of(NetworkConfigs::read(bench.manifest), bench.parameters, bench.target.dtype),
            bench.target);
        auto generator = bench.build(options.model);
        const auto voxels = std::clamp<std::int64_t>(options.voxels, 1, kMostVoxels);
        // Made beforehand, as a ball takes longer than some stages.
        std::vector<std::vector<Voxel>> balls;
        for (int i = 0; i < kBalls; ++i)
            balls.push_back(
                hollow_ball(voxels_of(voxels, i, kBalls), generator->info().resolution));
        generator->use_voxels([balls = std::move(balls), next = std::size_t(0)]() mutable {
            return balls[next++ % balls.size()];
        });
        return generator;
    });
}

}  // namespace generator
