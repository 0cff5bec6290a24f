#include "generator/bench.hpp"

#include "config/embedded_file.hpp"
#include "generator/models/clip_text.hpp"
#include "generator/models/dinov2.hpp"
#include "generator/models/gaussian_decoder.hpp"
#include "generator/models/latent_flow.hpp"
#include "generator/models/structure_decoder.hpp"
#include "generator/models/structure_flow.hpp"
#include "generator/sample/flow_euler.hpp"
#include "generator/sample/noise.hpp"
#include "generator/trellis_bench.hpp"
#include "generator/trellis_device.hpp"
#include "generator/trellis_guard.hpp"
#include "generator/weights/files.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <optional>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>

extern "C" const config::EmbeddedFile miner_bench_models[];
extern "C" const std::uint64_t miner_bench_models_count;

namespace generator {
namespace {

constexpr std::string_view kEnding = ".json";
constexpr const char* kPictureEncoder = "picture encoder";
constexpr const char* kTextEncoder = "text encoder";
constexpr std::int64_t kMostVoxels = 100'000;

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

template <class Network>
typename Network::Config read_config(const Args& args, const char* name) {
    return Network::Config::read(args.object(name).object("args"));
}

// With random weights.
template <class Network>
Network build(const Args& args, const char* name, const Place& place,
              std::vector<BenchNetwork>& built) {
    auto weights = Bundle::random(place.device, place.dtype);
    Network network(read_config<Network>(args, name), weights);
    built.push_back({name, weights.parameters()});
    return network;
}

// ---------------------------------------------------------------- measuring

using Clock = std::chrono::steady_clock;

// Time and most bytes in use since the last look: of the device's allocator, or of the process.
class Gauge {
public:
    explicit Gauge(const Place& place) : place_(place) { peak(); }

    BenchStage look(const char* name) {
        place_.synchronize();
        const auto now = Clock::now();
        const auto passed = now - std::exchange(begun_, now);
        return {name, std::chrono::duration<double, std::milli>(passed).count(), peak()};
    }

private:
    std::int64_t peak() const {
        return place_.device.is_cpu() ? look_at_process() : look_at_device();
    }

    std::int64_t look_at_device() const {
        auto* allocator = at::getDeviceAllocator(place_.device.type());
        const auto index = place_.device.index();
        const auto stats = allocator->getDeviceStats(index);
        allocator->resetPeakStats(index);
        return stats.allocated_bytes[0].peak;  // 0: of pools of every kind
    }

    // Linux keeps the high-water mark and forgets it when 5 is written to clear_refs.
    static std::int64_t look_at_process() {
        std::ifstream status("/proc/self/status");
        std::int64_t kilobytes = 0;
        for (std::string word; status >> word;) {
            if (word == "VmHWM:") status >> kilobytes;
        }
        std::ofstream("/proc/self/clear_refs") << 5;
        return kilobytes * 1024;
    }

    const Place& place_;
    Clock::time_point begun_ = Clock::now();
};

// ---------------------------------------------------------------- what is run

class Bench {
public:
    Bench(const BenchOptions& options, const Place& place)
        : args_(open_model(options.model)),
          place_(place),
          gauge_(place_),
          sampler_{.steps = options.steps,
                   .guidance = 5,
                   .guided_from = 0.5,
                   .guided_to = 1,
                   .rescale_t = 3} {
        report_.device = place.device_name();
        report_.dtype = place.dtype_name();
        for (const auto& step : schedule(sampler_)) times_.push_back(step.t);
    }

    config::Result<BenchReport> run(std::int64_t voxels, const std::stop_token& stop) {
        const bool words = args_.has(kTextEncoder);
        std::optional<ClipText> text_encoder;
        std::optional<DinoV2> encoder;
        if (words)
            text_encoder = build<ClipText>(kTextEncoder);
        else
            encoder = build<DinoV2>(kPictureEncoder);
        const auto structure = build<StructureFlow>("structure flow");
        const auto occupancy = build<StructureDecoder>("structure decoder");
        const auto latent = build<LatentFlow>("latent flow");
        const auto decoder = build<GaussianDecoder>("Gaussian decoder");
        end_stage("build");
        // Guidance leads away from zeros with a picture, from the empty prompt with words.
        const auto condition = words ? encode(*text_encoder) : encode(*encoder);
        const std::vector<at::Tensor> both{condition, words ? condition : at::Tensor()};
        end_stage(words ? kTextEncoder : kPictureEncoder);

        const auto size = config<StructureFlow>("structure flow");
        Noise noise(1);
        const auto dense = sample(
            structure.plan(times_, both), structure,
            noise.draw({1, size.channels, size.resolution, size.resolution, size.resolution}),
            stop);
        if (!dense) return config::fail(Errc::cancelled, "in the structure flow");
        end_stage("structure flow");
        const auto resolution = occupancy.logits(*dense).size(-1);
        end_stage("structure decoder");

        const SparseShape shape(hollow_ball(voxels, resolution), place_.device);
        const auto sparse =
            sample(latent.plan(shape, times_, both), latent,
                   noise.draw({shape.size(), config<LatentFlow>("latent flow").channels}), stop);
        if (!sparse) return config::fail(Errc::cancelled, "in the latent flow");
        end_stage("latent flow");
        const auto made = decoder.gaussians(decoder.features(*sparse, shape), shape);
        end_stage("Gaussian decoder");
        report_.voxels = shape.size();
        report_.gaussians = made.opacity.size(0);
        return std::move(report_);
    }

private:
    template <class Network>
    typename Network::Config config(const char* name) const {
        return read_config<Network>(args_, name);
    }

    template <class Network>
    Network build(const char* name) {
        return generator::build<Network>(args_, name, place_, report_.networks);
    }

    // Of a picture of noise.
    at::Tensor encode(const DinoV2& encoder) const {
        const auto side = config<DinoV2>(kPictureEncoder).picture_size;
        const auto picture =
            Noise(0).draw({side, side, 3}).mul_(64).add_(128).clamp_(0, 255).to(at::kByte);
        return encoder.condition(encoder.features(picture)).to(place_.dtype);
    }

    // Of as many tokens as there are places; a prompt is filled up to that.
    at::Tensor encode(const ClipText& encoder) const {
        const auto length = config<ClipText>(kTextEncoder).length;
        return encoder.condition(at::arange(length, at::kLong).unsqueeze(0)).to(place_.dtype);
    }

    template <class Plan, class Flow>
    std::optional<at::Tensor> sample(const Plan& plan, const Flow& flow, const at::Tensor& noise,
                                     const std::stop_token& stop) const {
        const auto one = [&](const at::Tensor& all, std::int64_t branch) {
            return noise.dim() == all.dim() ? all.narrow(0, branch, 1) : all[branch];
        };
        return integrate(
            [&](const at::Tensor& x, int step, bool guided) {
                const auto v = flow.velocity(x, plan, std::size_t(step), guided ? 2 : 1);
                return Velocities{one(v, 0), guided ? one(v, 1) : at::Tensor()};
            },
            noise.to(place_.device), sampler_, stop);
    }

    void end_stage(const char* name) { report_.stages.push_back(gauge_.look(name)); }

    Args args_;
    Place place_;
    Gauge gauge_;
    SamplerSettings sampler_;
    std::vector<double> times_;
    BenchReport report_;
};

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
        const Place nowhere{at::kMeta, at::kFloat};
        std::vector<BenchNetwork> networks;
        if (args.has(kTextEncoder))
            build<ClipText>(args, kTextEncoder, nowhere, networks);
        else
            build<DinoV2>(args, kPictureEncoder, nowhere, networks);
        build<StructureFlow>(args, "structure flow", nowhere, networks);
        build<StructureDecoder>(args, "structure decoder", nowhere, networks);
        build<LatentFlow>(args, "latent flow", nowhere, networks);
        build<GaussianDecoder>(args, "Gaussian decoder", nowhere, networks);
        return networks;
    });
}

config::Result<BenchReport> bench_random(const BenchOptions& options,
                                         const config::Generator& settings, std::stop_token stop) {
    return guarded([&]() -> config::Result<BenchReport> {
        const auto place = choose_place(settings);
        if (settings.threads > 0) at::set_num_threads(settings.threads);
        at::globalContext().setAllowTF32CuDNN(false);
        return Bench(options, place)
            .run(std::clamp<std::int64_t>(options.voxels, 1, kMostVoxels), stop);
    });
}

}  // namespace generator
