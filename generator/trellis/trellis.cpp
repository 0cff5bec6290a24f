#include "generator/trellis/trellis.hpp"

#include "generator/models/matting.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/sample/flow_euler.hpp"
#include "generator/sample/noise.hpp"
#include "generator/trellis/bench.hpp"
#include "generator/trellis/encoded_pictures.hpp"
#include "generator/trellis/generator.hpp"
#include "generator/trellis/guard.hpp"
#include "generator/trellis/need.hpp"
#include "generator/trellis/splats.hpp"
#include "generator/weights/refused.hpp"

#include <chrono>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace generator {
namespace {

// ---------------------------------------------------------------- values

class Stopwatch {
public:
    explicit Stopwatch(const ComputeTarget& target) : target_(target), begun_(Clock::now()) {}

    // Milliseconds since the last lap, the device's work included.
    double lap() {
        target_.synchronize();
        const auto now = Clock::now();
        return std::chrono::duration<double, std::milli>(now - std::exchange(begun_, now)).count();
    }

private:
    using Clock = std::chrono::steady_clock;

    const ComputeTarget& target_;
    Clock::time_point begun_;
};

at::Tensor row(const std::vector<double>& values, at::Device device) {
    return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(at::kFloat).to(device);
}

// One pipeline, for pictures or for prompts.
struct TrellisPipeline {
    TrellisPipeline(Networks all, const ComputeTarget& target)
        : networks(std::move(all)),
          latent_mean(row(networks.manifest.latent_mean, target.device)),
          latent_std(row(networks.manifest.latent_std, target.device)) {
        if (networks.text_encoder)
            unconditional = networks.text_encoder->condition("").to(target.dtype);
    }

    Networks networks;
    at::Tensor latent_mean, latent_std;  // [C]
    at::Tensor unconditional;            // what guidance leads away from; undefined for zeros
};

// What the encoder made of a condition: one tensor [1, L, C], or one a picture.
struct Encoded {
    std::vector<at::Tensor> views;
    bool averaged = false;
};

struct TrellisStructure final : Structure {
    TrellisStructure(const TrellisPipeline& the_pipeline, Encoded the_condition,
                     std::vector<Voxel> voxels, at::Device device, Noise the_noise)
        : pipeline(the_pipeline),
          condition(std::move(the_condition)),
          shape(std::move(voxels), device),
          noise(std::move(the_noise)) {}

    std::int64_t voxels() const override { return shape.size(); }
    std::int64_t gaussians() const override {
        return shape.size() * pipeline.networks.configs.gaussian_decoder.per_voxel;
    }
    const StageTimes& times() const override { return stage_times; }

    const TrellisPipeline& pipeline;
    Encoded condition;
    SparseShape shape;
    Noise noise;  // as the structure left it
    StageTimes stage_times;
};

std::vector<double> times_of(const SamplerSettings& settings) {
    std::vector<double> times;
    for (const auto& step : timesteps(settings)) times.push_back(step.t);
    return times;
}

// The branches of guidance as the batch of one evaluation.
Velocities split(const at::Tensor& branches) {
    return {branches.narrow(0, 0, 1),
            branches.size(0) > 1 ? branches.narrow(0, 1, 1) : at::Tensor()};
}

// Velocities under one or more conditions. plans: one plan per condition; each holds the
// conditional and the unconditional branch; evaluate(x, plan, step, branches) gives the first so
// many of them. Both outlive it.
template <class Plan, class Evaluate>
Flow flow_of(const std::vector<Plan>& plans, bool averaged, Evaluate evaluate) {
    return [&plans, averaged, evaluate](const at::Tensor& x, int step, bool guided) {
        const auto under = [&](std::size_t view, bool both) {
            return split(evaluate(x, plans[view], std::size_t(step), both ? 2 : 1));
        };
        if (!averaged) return under(std::size_t(step) % plans.size(), guided);
        auto velocities = under(0, guided);
        for (std::size_t view = 1; view < plans.size(); ++view)
            velocities.conditional = velocities.conditional + under(view, false).conditional;
        velocities.conditional = velocities.conditional / double(plans.size());
        return velocities;
    };
}

// ---------------------------------------------------------------- the generator

// Voxels of what a GPU warms up on: as many as a dense object has, and then by ratios at which the
// libraries choose other kernels.
constexpr std::int64_t kMostWarmVoxels = 27'000, kLeastWarmVoxels = 1'000;
constexpr double kWarmRatio = 1.15;

class Trellis final : public TrellisGenerator {
public:
    Trellis(std::vector<Networks> pipelines, const ComputeTarget& target, std::string name,
            std::optional<Matting> matting)
        : matting_(std::move(matting)), target_(target), where_(name) {
        std::int64_t parameters = 0;
        for (auto& networks : pipelines) {
            parameters += networks.parameters;
            auto& pipeline = networks.manifest.input == Input::prompt ? prompts_ : pictures_;
            pipeline.emplace(std::move(networks), target);
        }
        const auto& configs = (pictures_ ? *pictures_ : *prompts_).networks.configs;
        info_ = {.name = std::move(name),
                 .device = target.device_name(),
                 .dtype = target.dtype_name(),
                 .picture_size = configs.encoder ? int(configs.encoder->picture_size) : 0,
                 .takes_prompts = prompts_.has_value(),
                 .resolution = int(configs.resolution()),
                 .gaussians_per_voxel = int(configs.gaussian_decoder.per_voxel),
                 .parameters = parameters,
                 .device_choice = target.choice.words,
                 .unused_gpu = target.choice.unused};
    }

    const ModelInfo& info() const override { return info_; }

    std::optional<DeviceMemory> memory() const override { return target_.memory(); }

    void use_voxels(Voxels voxels) override { fixed_voxels_ = std::move(voxels); }

    // The first run loads libraries, lets them choose their kernels and takes memory: seconds. A
    // dense object's memory serves every sparser one.
    config::Result<void> warm_up() override {
        if (target_.device.is_cpu()) return {};
        const auto before = std::exchange(
            fixed_voxels_, [this] { return hollow_ball(kMostWarmVoxels, info_.resolution); });
        auto warmed = guarded([&] { return run_once(); });
        fixed_voxels_ = before;
        // Without a shape to spare, tasks may still fit.
        if (!warmed && warmed.error().code == Errc::out_of_memory) return {};
        return warmed;
    }

    config::Result<Image> cut_out(const Image& rgba) override {
        return guarded([&]() -> config::Result<Image> {
            if (!matting_) refuse(Errc::internal, "generator.matting is never");
            return matting_->cut_out(rgba);
        });
    }

    config::Result<std::unique_ptr<Structure>> generate_structure(const Condition& condition,
                                                                  std::uint64_t seed,
                                                                  std::stop_token stop) override {
        return guarded([&] { return structure_or_throw(condition, seed, stop); });
    }

    config::Result<GeneratedSplats> generate_splats(const Structure& structure,
                                                    const Condition* repaint,
                                                    std::stop_token stop) override {
        return guarded([&] {
            return splats_or_throw(dynamic_cast<const TrellisStructure&>(structure), repaint, stop);
        });
    }

private:
    // What a task may need: one whole task, then stage 2's flow and decoder at other sizes.
    config::Result<void> run_once() {
        const auto grey = [](int side, int channels) {
            return Image{side, side, channels,
                         std::vector<std::uint8_t>(std::size_t(side * side * channels), 128)};
        };
        if (matting_) {
            const auto cut = cut_out(grey(64, 4));  // there is no object in it, which is as well
            if (!cut && cut.error().code != Errc::bad_mask) return cut.error();
        }
        std::vector<Condition> conditions;
        if (pictures_) conditions.emplace_back(grey(info_.picture_size, 3));
        if (prompts_) conditions.emplace_back(Prompt{"a grey square"});
        for (const auto& condition : conditions) {
            const auto& pipeline = pipeline_for(condition);
            const auto encoded = encode(pipeline.networks, condition);
            pipeline.networks.latent_flow.prepare(encoded.views.front().size(1));
            const auto structure = generate_structure(condition, 0, {});
            if (!structure) return structure.error();
            const auto generated = generate_splats(**structure, nullptr, {});
            if (!generated) return generated.error();
            run_sizes(pipeline, encoded);
        }
        return {};
    }

    // Each kernel is loaded when it is first chosen, which goes by the number of rows.
    void run_sizes(const TrellisPipeline& pipeline, const Encoded& condition) {
        const auto& [flow, decoder] =
            std::tie(pipeline.networks.latent_flow, pipeline.networks.gaussian_decoder);
        const auto channels = pipeline.networks.configs.latent_flow.channels;
        for (double voxels = kLeastWarmVoxels; voxels < kMostWarmVoxels; voxels *= kWarmRatio) {
            const SparseShape shape(hollow_ball(std::int64_t(voxels), info_.resolution),
                                    target_.device);
            const auto x = Noise(0).draw({shape.size(), channels}).to(target_.device);
            const auto plan =
                flow.plan(shape, {1.0}, {condition.views.front(), pipeline.unconditional});
            for (const std::size_t branches : {2, 1}) flow.velocity(x, plan, 0, branches);
            host_copy_(decoder.gaussians(decoder.features(x, shape), shape));
        }
    }

    config::Result<std::unique_ptr<Structure>> structure_or_throw(const Condition& given,
                                                                  std::uint64_t seed,
                                                                  const std::stop_token& stop) {
        if (stop.stop_requested()) return config::fail(Errc::cancelled, "before the encoder");
        StageTimes times;
        Stopwatch watch(target_);
        const auto& pipeline = pipeline_for(given);
        const auto& networks = pipeline.networks;
        auto condition = encode(networks, given);
        times.encode = watch.lap();

        const auto& sampler = networks.manifest.structure_sampler;
        const auto& [resolution, channels] = std::pair(networks.configs.structure_flow.resolution,
                                                       networks.configs.structure_flow.channels);
        Noise noise(seed);
        const auto start =
            noise.draw({1, channels, resolution, resolution, resolution}).to(target_.device);
        std::vector<StructureFlow::Plan> plans;
        for (const auto& view : condition.views)
            plans.push_back(
                networks.structure_flow.plan(times_of(sampler), {view, pipeline.unconditional}));
        const auto flow = flow_of(
            plans, condition.averaged,
            [&](const at::Tensor& x, const auto& plan, std::size_t step, std::size_t branches) {
                return networks.structure_flow.velocity(x, plan, step, branches);
            });
        const auto latent = integrate(flow, start, sampler, stop);
        if (!latent) return config::fail(Errc::cancelled, "in the structure flow");
        times.structure = watch.lap();

        auto voxels = active_voxels(networks.structure_decoder.logits(*latent));
        if (fixed_voxels_) voxels = fixed_voxels_();
        if (voxels.empty()) return config::fail(Errc::no_voxels, "seed " + std::to_string(seed));
        auto structure = std::make_unique<TrellisStructure>(
            pipeline, std::move(condition), std::move(voxels), target_.device, std::move(noise));
        times.occupancy = watch.lap();
        structure->stage_times = times;
        return structure;
    }

    config::Result<GeneratedSplats> splats_or_throw(const TrellisStructure& structure,
                                                    const Condition* repaint,
                                                    const std::stop_token& stop) {
        if (stop.stop_requested()) return config::fail(Errc::cancelled, "before the latent flow");
        GeneratedSplats generated;
        Stopwatch watch(target_);
        const auto& networks = structure.pipeline.networks;
        auto condition = structure.condition;
        if (repaint) {
            if (&pipeline_for(*repaint) != &structure.pipeline)
                refuse(Errc::internal, "a structure is repainted by what it was made from");
            condition = encode(networks, *repaint);
            generated.times.encode = watch.lap();
        }

        const auto& sampler = networks.manifest.latent_sampler;
        auto noise = structure.noise.fork();
        const auto start =
            noise.draw({structure.shape.size(), networks.configs.latent_flow.channels})
                .to(target_.device);
        std::vector<LatentFlow::Plan> plans;
        for (const auto& view : condition.views)
            plans.push_back(networks.latent_flow.plan(structure.shape, times_of(sampler),
                                                      {view, structure.pipeline.unconditional}));
        const auto flow = flow_of(
            plans, condition.averaged,
            [&](const at::Tensor& x, const auto& plan, std::size_t step, std::size_t branches) {
                return networks.latent_flow.velocity(x, plan, step, branches);
            });
        const auto latent = integrate(
            [&](const at::Tensor& x, int step, bool guided) {
                const auto v = flow(x, step, guided);
                return Velocities{v.conditional[0], guided ? v.unconditional[0] : at::Tensor()};
            },
            start, sampler, stop);
        if (!latent) return config::fail(Errc::cancelled, "in the latent flow");
        generated.times.latent = watch.lap();

        const auto features = networks.gaussian_decoder.features(
            *latent * structure.pipeline.latent_std + structure.pipeline.latent_mean,
            structure.shape);
        generated.splats =
            host_copy_(networks.gaussian_decoder.gaussians(features, structure.shape));
        generated.times.gaussians = watch.lap();
        return generated;
    }

    const TrellisPipeline& pipeline_for(const Condition& condition) const {
        const bool prompt = std::holds_alternative<Prompt>(condition);
        const auto& pipeline = prompt ? prompts_ : pictures_;
        if (!pipeline)
            refuse(Errc::wrong_input,
                   where_ + (prompt ? " makes splats from pictures, not from prompts; a "
                                      "TRELLIS-text checkpoint does"
                                    : " makes splats from prompts, not from pictures; a "
                                      "TRELLIS-image checkpoint does"));
        return *pipeline;
    }

    Encoded encode(const Networks& networks, const Condition& given) {
        if (const auto* prompt = std::get_if<Prompt>(&given))
            return {{networks.text_encoder->condition(prompt->text).to(target_.dtype)}};
        if (const auto* picture = std::get_if<Image>(&given))
            return {{encode_picture(networks, *picture)}};
        const auto& several = std::get<Views>(given);
        if (several.pictures.empty()) refuse(Errc::internal, "no picture at all");
        Encoded encoded{{}, several.mode == Views::Mode::averaged};
        for (const auto& picture : several.pictures)
            encoded.views.push_back(encode_picture(networks, picture));
        return encoded;
    }

    at::Tensor encode_picture(const Networks& networks, const Image& picture) {
        const auto size = info_.picture_size;
        if (picture.width != size || picture.height != size || picture.channels != 3 ||
            picture.pixels.size() != picture.row_bytes() * std::size_t(size)) {
            refuse(Errc::internal, "the picture encoder takes RGB of " + std::to_string(size) +
                                       " x " + std::to_string(size) + ", got " +
                                       std::to_string(picture.channels) + " channels of " +
                                       std::to_string(picture.width) + " x " +
                                       std::to_string(picture.height));
        }
        return encoded_.get(picture, [&](const Image& image) {
            // from_blob has no const form; only read.
            auto* pixels = const_cast<std::uint8_t*>(image.pixels.data());
            const auto bytes = at::from_blob(pixels, {size, size, 3}, at::kByte);
            return networks.encoder->condition(networks.encoder->features(bytes)).to(target_.dtype);
        });
    }

    std::optional<Matting> matting_;
    ComputeTarget target_;
    std::string where_;                                  // for messages
    std::optional<TrellisPipeline> pictures_, prompts_;  // at least one
    ModelInfo info_;
    Voxels fixed_voxels_;
    HostCopy host_copy_;
    EncodedPictures encoded_;
};

}  // namespace

std::unique_ptr<TrellisGenerator> make_trellis(std::vector<Networks> pipelines,
                                               const ComputeTarget& target, std::string name,
                                               std::optional<Matting> matting) {
    return std::make_unique<Trellis>(std::move(pipelines), target, std::move(name),
                                     std::move(matting));
}

config::Result<std::unique_ptr<Generator>> make_trellis(const config::Generator& settings) {
    return guarded([&]() -> config::Result<std::unique_ptr<Generator>> {
        const auto target = choose_target(settings);
        if (settings.threads > 0) at::set_num_threads(settings.threads);
        // fp32 means fp32: without it cuDNN's convolutions would round to ten bits.
        at::globalContext().setAllowTF32CuDNN(false);
        const auto files = settings.model.empty() ? embedded_files() : folder_files(settings.model);
        auto name = settings.model.empty() ? "trellis-nano (embedded)" : settings.model;
        std::vector<Networks> pipelines;
        auto manifests = read_manifests(*files);
        if (target.device.is_cuda())
            look_whether_it_fits(need_of(*files, manifests, target.dtype), target);
        for (auto& manifest : manifests) {
            const auto* twin = pipelines.empty() ? nullptr : &pipelines.front();
            pipelines.push_back(Networks::read(*files, target, std::move(manifest), twin));
        }
        std::optional<Matting> matting;
        if (settings.matting != "never") matting.emplace(settings.matting_model, target.device);
        return std::unique_ptr<Generator>(
            make_trellis(std::move(pipelines), target, std::move(name), std::move(matting)));
    });
}

config::Result<DeviceReport> look_at_device(const config::Generator& settings) {
    return guarded([&]() -> config::Result<DeviceReport> {
        auto target = choose_target(settings);
        if (target.device.is_cpu()) return DeviceReport{std::move(target.choice)};
        at::globalContext().lazyInitDevice(target.device.type());
        const auto memory = target.memory();
        if (!memory)
            return config::fail(Errc::device_lost, target.device_name() + " tells no memory");
        return DeviceReport{std::move(target.choice), memory};
    });
}

config::Result<MemoryNeed> memory_need(const config::Generator& settings) {
    return guarded([&]() -> config::Result<MemoryNeed> {
        const auto files = settings.model.empty() ? embedded_files() : folder_files(settings.model);
        return need_of(*files, read_manifests(*files),
                       settings.dtype == "fp32" ? at::kFloat : at::kHalf);
    });
}

}  // namespace generator
