#include "generator/trellis.hpp"

#include "generator/matting.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/sample/flow_euler.hpp"
#include "generator/sample/noise.hpp"
#include "generator/trellis_guard.hpp"
#include "generator/trellis_networks.hpp"
#include "generator/trellis_splats.hpp"
#include "generator/weights/refused.hpp"

#include <chrono>
#include <optional>
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
    explicit Stopwatch(const Place& place) : place_(place), begun_(Clock::now()) {}

    // Milliseconds since the last lap, the device's work included.
    double lap() {
        place_.synchronize();
        const auto now = Clock::now();
        return std::chrono::duration<double, std::milli>(now - std::exchange(begun_, now)).count();
    }

private:
    using Clock = std::chrono::steady_clock;

    const Place& place_;
    Clock::time_point begun_;
};

at::Tensor row(const std::vector<double>& values, at::Device device) {
    return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(at::kFloat).to(device);
}

// One pipeline, for pictures or for prompts.
struct Branch {
    Branch(Networks all, const Place& place)
        : networks(std::move(all)),
          latent_mean(row(networks.manifest.latent_mean, place.device)),
          latent_std(row(networks.manifest.latent_std, place.device)) {
        if (networks.text_encoder)
            unconditional = networks.text_encoder->condition("").to(place.dtype);
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

struct TrellisSketch final : Sketch {
    TrellisSketch(const Branch& the_branch, Encoded the_condition, std::vector<Voxel> voxels,
                  at::Device device, Noise the_noise)
        : branch(the_branch),
          condition(std::move(the_condition)),
          shape(std::move(voxels), device),
          noise(std::move(the_noise)) {}

    std::int64_t voxels() const override { return shape.size(); }
    std::int64_t gaussians() const override {
        return shape.size() * branch.networks.configs.gaussian_decoder.per_voxel;
    }
    const StageTimes& times() const override { return stage_times; }

    const Branch& branch;
    Encoded condition;
    SparseShape shape;
    Noise noise;  // as the structure left it
    StageTimes stage_times;
};

std::vector<double> times_of(const SamplerSettings& settings) {
    std::vector<double> times;
    for (const auto& step : schedule(settings)) times.push_back(step.t);
    return times;
}

// The branches of guidance as the batch of one evaluation.
Velocities split(const at::Tensor& branches) {
    return {branches.narrow(0, 0, 1),
            branches.size(0) > 1 ? branches.narrow(0, 1, 1) : at::Tensor()};
}

// Velocities under one or more conditions. plans: one a condition, each with guidance's other
// branch after it; evaluate(x, plan, step, branches) gives the first so many branches. Both outlive
// it.
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

class Trellis final : public Generator {
public:
    Trellis(const Files& files, const Place& place, std::string name,
            std::optional<Matting> matting)
        : matting_(std::move(matting)), place_(place), where_(name) {
        std::int64_t parameters = 0;
        for (auto& manifest : read_manifests(files)) {
            auto& branch = manifest.input == Input::prompt ? prompts_ : pictures_;
            const auto* twin = pictures_ ? &pictures_->networks : nullptr;
            branch.emplace(Networks::read(files, place, std::move(manifest), twin), place);
            parameters += branch->networks.parameters;
        }
        const auto& configs = (pictures_ ? *pictures_ : *prompts_).networks.configs;
        info_ = {.name = std::move(name),
                 .device = place.device_name(),
                 .dtype = place.dtype_name(),
                 .picture_size = configs.encoder ? int(configs.encoder->picture_size) : 0,
                 .takes_prompts = prompts_.has_value(),
                 .resolution = int(configs.resolution()),
                 .gaussians_per_voxel = int(configs.gaussian_decoder.per_voxel),
                 .parameters = parameters};
    }

    const ModelInfo& info() const override { return info_; }

    std::optional<DeviceMemory> memory() const override { return place_.memory(); }

    config::Result<Image> cut_out(const Image& rgba) override {
        return guarded([&]() -> config::Result<Image> {
            if (!matting_) refuse(Errc::internal, "generator.matting is never");
            return matting_->cut_out(rgba);
        });
    }

    config::Result<std::unique_ptr<Sketch>> sketch(const Condition& condition, std::uint64_t seed,
                                                   std::stop_token stop) override {
        return guarded([&] { return sketch_or_throw(condition, seed, stop); });
    }

    config::Result<Finished> finish(const Sketch& sketch, const Condition* repaint,
                                    std::stop_token stop) override {
        return guarded([&] {
            return finish_or_throw(dynamic_cast<const TrellisSketch&>(sketch), repaint, stop);
        });
    }

private:
    config::Result<std::unique_ptr<Sketch>> sketch_or_throw(const Condition& given,
                                                            std::uint64_t seed,
                                                            const std::stop_token& stop) {
        if (stop.stop_requested()) return config::fail(Errc::cancelled, "before the encoder");
        StageTimes times;
        Stopwatch watch(place_);
        const auto& branch = branch_for(given);
        const auto& networks = branch.networks;
        auto condition = encode(networks, given);
        times.encode = watch.lap();

        const auto& sampler = networks.manifest.structure_sampler;
        const auto& [resolution, channels] = std::pair(networks.configs.structure_flow.resolution,
                                                       networks.configs.structure_flow.channels);
        Noise noise(seed);
        const auto start =
            noise.draw({1, channels, resolution, resolution, resolution}).to(place_.device);
        std::vector<StructureFlow::Plan> plans;
        for (const auto& view : condition.views)
            plans.push_back(
                networks.structure_flow.plan(times_of(sampler), {view, branch.unconditional}));
        const auto flow = flow_of(
            plans, condition.averaged,
            [&](const at::Tensor& x, const auto& plan, std::size_t step, std::size_t branches) {
                return networks.structure_flow.velocity(x, plan, step, branches);
            });
        const auto latent = integrate(flow, start, sampler, stop);
        if (!latent) return config::fail(Errc::cancelled, "in the structure flow");
        times.structure = watch.lap();

        auto voxels = active_voxels(networks.structure_decoder.logits(*latent));
        if (voxels.empty()) return config::fail(Errc::no_voxels, "seed " + std::to_string(seed));
        auto sketch = std::make_unique<TrellisSketch>(
            branch, std::move(condition), std::move(voxels), place_.device, std::move(noise));
        times.occupancy = watch.lap();
        sketch->stage_times = times;
        return sketch;
    }

    config::Result<Finished> finish_or_throw(const TrellisSketch& sketch, const Condition* repaint,
                                             const std::stop_token& stop) {
        if (stop.stop_requested()) return config::fail(Errc::cancelled, "before the latent flow");
        Finished finished;
        Stopwatch watch(place_);
        const auto& networks = sketch.branch.networks;
        auto condition = sketch.condition;
        if (repaint) {
            if (&branch_for(*repaint) != &sketch.branch)
                refuse(Errc::internal, "a sketch is repainted by what it was made from");
            condition = encode(networks, *repaint);
            finished.times.encode = watch.lap();
        }

        const auto& sampler = networks.manifest.latent_sampler;
        auto noise = sketch.noise.fork();
        const auto start = noise.draw({sketch.shape.size(), networks.configs.latent_flow.channels})
                               .to(place_.device);
        std::vector<LatentFlow::Plan> plans;
        for (const auto& view : condition.views)
            plans.push_back(networks.latent_flow.plan(sketch.shape, times_of(sampler),
                                                      {view, sketch.branch.unconditional}));
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
        finished.times.latent = watch.lap();

        const auto features = networks.gaussian_decoder.features(
            *latent * sketch.branch.latent_std + sketch.branch.latent_mean, sketch.shape);
        finished.splats = host_splats(networks.gaussian_decoder.gaussians(features, sketch.shape));
        finished.times.gaussians = watch.lap();
        return finished;
    }

    const Branch& branch_for(const Condition& condition) const {
        const bool prompt = std::holds_alternative<Prompt>(condition);
        const auto& branch = prompt ? prompts_ : pictures_;
        if (!branch)
            refuse(Errc::wrong_input,
                   where_ + (prompt ? " makes splats from pictures, not from prompts; a "
                                      "TRELLIS-text checkpoint does"
                                    : " makes splats from prompts, not from pictures; a "
                                      "TRELLIS-image checkpoint does"));
        return *branch;
    }

    Encoded encode(const Networks& networks, const Condition& given) const {
        if (const auto* prompt = std::get_if<Prompt>(&given))
            return {{networks.text_encoder->condition(prompt->text).to(place_.dtype)}};
        if (const auto* picture = std::get_if<Image>(&given))
            return {{encode_picture(networks, *picture)}};
        const auto& several = std::get<Views>(given);
        if (several.pictures.empty()) refuse(Errc::internal, "no picture at all");
        Encoded encoded{{}, several.mode == Views::Mode::averaged};
        for (const auto& picture : several.pictures)
            encoded.views.push_back(encode_picture(networks, picture));
        return encoded;
    }

    at::Tensor encode_picture(const Networks& networks, const Image& picture) const {
        const auto size = info_.picture_size;
        if (picture.width != size || picture.height != size || picture.channels != 3 ||
            picture.pixels.size() != picture.row_bytes() * std::size_t(size)) {
            refuse(Errc::internal, "the picture encoder takes RGB of " + std::to_string(size) +
                                       " x " + std::to_string(size) + ", got " +
                                       std::to_string(picture.channels) + " channels of " +
                                       std::to_string(picture.width) + " x " +
                                       std::to_string(picture.height));
        }
        auto* pixels = const_cast<std::uint8_t*>(
            picture.pixels.data());  // from_blob has no const form; only read
        const auto bytes = at::from_blob(pixels, {size, size, 3}, at::kByte);
        return networks.encoder->condition(networks.encoder->features(bytes)).to(place_.dtype);
    }

    std::optional<Matting> matting_;
    Place place_;
    std::string where_;                         // for messages
    std::optional<Branch> pictures_, prompts_;  // at least one
    ModelInfo info_;
};

}  // namespace

config::Result<std::unique_ptr<Generator>> make_trellis(const config::Generator& settings) {
    return guarded([&]() -> config::Result<std::unique_ptr<Generator>> {
        const auto place = choose_place(settings);
        if (settings.threads > 0) at::set_num_threads(settings.threads);
        // fp32 means fp32: without it cuDNN's convolutions would round to ten bits.
        at::globalContext().setAllowTF32CuDNN(false);
        const auto files = settings.model.empty() ? embedded_files() : folder_files(settings.model);
        auto name = settings.model.empty() ? "trellis-nano (embedded)" : settings.model;
        std::optional<Matting> matting;
        if (settings.matting != "never") matting.emplace(settings.matting_model, place.device);
        return std::make_unique<Trellis>(*files, place, std::move(name), std::move(matting));
    });
}

config::Result<std::optional<DeviceMemory>> gpu_memory(const config::Generator& settings) {
    return guarded([&]() -> config::Result<std::optional<DeviceMemory>> {
        const auto place = choose_place(settings);
        if (place.device.is_cpu()) return std::optional<DeviceMemory>();
        at::globalContext().lazyInitDevice(place.device.type());
        auto memory = place.memory();
        if (!memory)
            return config::fail(Errc::device_lost, place.device_name() + " tells no memory");
        return memory;
    });
}

}  // namespace generator
