// Times of every stage of a checkpoint on one device, as JSON: medians of warm runs.
//
//     miner_profile FOLDER DEVICE TYPE RUNS VOXELS [VOXELS ...]
//     miner_profile FOLDER DEVICE TYPE STAGE VOXELS     once, for a profiler: one guided step of
//                                                       structure or latent, all of the others
//
// A random checkpoint makes no object, so stage 2 runs on shells of about the given number of
// voxels. Numbers without a profiler include everything from host value to host value.
#include "generator/sample/flow_euler.hpp"
#include "generator/sample/noise.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/spz.hpp"
#include "generator/trellis_bench.hpp"
#include "generator/trellis_networks.hpp"
#include "generator/trellis_splats.hpp"
#include "generator/weights/refused.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#ifdef MINER_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_profiler_api.h>
#endif

namespace {

using namespace generator;

std::vector<double> times_of(const SamplerSettings& settings) {
    std::vector<double> times;
    for (const auto& step : schedule(settings)) times.push_back(step.t);
    return times;
}

class Profile {
public:
    Profile(const std::string& folder, const Place& place)
        : place_(place), networks_(read(folder, place)) {
        const auto& c = networks_.configs;
        const auto side = c.encoder.value().picture_size;  // a pipeline for pictures
        picture_ = at::randint(256, {side, side, 3}, at::kByte);
        condition_ = encode();
        const auto r = c.structure_flow.resolution;
        noise_ = Noise(1).draw({1, c.structure_flow.channels, r, r, r}).to(place_.device);
    }

    at::Tensor encode() const {
        const auto& encoder = *networks_.encoder;
        return encoder.condition(encoder.features(picture_)).to(place_.dtype);
    }

    at::Tensor structure() const {
        const auto& flow = networks_.structure_flow;
        const auto& sampler = networks_.manifest.structure_sampler;
        const auto plan = flow.plan(times_of(sampler), {condition_, at::Tensor()});
        return *integrate(
            [&](const at::Tensor& x, int step, bool guided) {
                const auto v = flow.velocity(x, plan, std::size_t(step), guided ? 2 : 1);
                return Velocities{v.narrow(0, 0, 1), guided ? v.narrow(0, 1, 1) : at::Tensor()};
            },
            noise_, sampler, {});
    }

    std::size_t occupancy() const {
        return active_voxels(networks_.structure_decoder.logits(noise_)).size();
    }

    at::Tensor latent(const SparseShape& shape) const {
        const auto& flow = networks_.latent_flow;
        const auto& sampler = networks_.manifest.latent_sampler;
        const auto start = Noise(2).draw({shape.size(), networks_.configs.latent_flow.channels});
        const auto plan = flow.plan(shape, times_of(sampler), {condition_, at::Tensor()});
        return *integrate(
            [&](const at::Tensor& x, int step, bool guided) {
                const auto v = flow.velocity(x, plan, std::size_t(step), guided ? 2 : 1);
                return Velocities{v[0], guided ? v[1] : at::Tensor()};
            },
            start.to(place_.device), sampler, {});
    }

    Splats gaussians(const at::Tensor& latent, const SparseShape& shape) const {
        const auto& decoder = networks_.gaussian_decoder;
        return host_splats(decoder.gaussians(decoder.features(latent, shape), shape));
    }

    // Once between the profiler's marks, after one to warm up.
    void step(const std::string& stage, const SparseShape& shape) const {
        const auto run = [&] {
            if (stage == "structure") {
                const auto& flow = networks_.structure_flow;
                flow.velocity(noise_, flow.plan({0.5}, {condition_, at::Tensor()}), 0, 2);
            } else if (stage == "encode") {
                encode();
            } else if (stage == "occupancy") {
                occupancy();
            } else if (stage == "gaussians") {
                const auto channels = networks_.configs.latent_flow.channels;
                gaussians(Noise(2).draw({shape.size(), channels}).to(place_.device), shape);
            } else {
                const auto& flow = networks_.latent_flow;
                const auto x =
                    Noise(2).draw({shape.size(), networks_.configs.latent_flow.channels});
                flow.velocity(x.to(place_.device),
                              flow.plan(shape, {0.5}, {condition_, at::Tensor()}), 0, 2);
            }
            place_.synchronize();
        };
        run();
#ifdef MINER_CUDA
        cudaProfilerStart();
        run();
        cudaProfilerStop();
#endif
    }

    const NetworkConfigs& configs() const { return networks_.configs; }
    std::int64_t parameters() const { return networks_.parameters; }

    double median_ms(int runs, const std::function<void()>& work) const {
        std::vector<double> times;
        for (int i = 0; i < runs + 2; ++i) {
            place_.synchronize();
            const auto begun = std::chrono::steady_clock::now();
            work();
            place_.synchronize();
            const std::chrono::duration<double, std::milli> took =
                std::chrono::steady_clock::now() - begun;
            if (i >= 2) times.push_back(took.count());
        }
        std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2),
                         times.end());
        return times[times.size() / 2];
    }

private:
    static Networks read(const std::string& folder, const Place& place) {
        const auto files = folder_files(folder);
        return Networks::read(*files, place, read_manifest(*files));
    }

    Place place_;
    Networks networks_;
    at::Tensor picture_, condition_, noise_;
};

double peak_gib([[maybe_unused]] const Place& place) {
#ifdef MINER_CUDA
    if (place.device.is_cuda()) {
        const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(place.device.index());
        return double(stats.allocated_bytes[0].peak) / double(1 << 30);
    }
#endif
    return 0;  // of a GPU's memory
}

void report(const char* stage, std::size_t voxels, double ms) {
    std::cout << R"({"stage": ")" << stage << R"(", "voxels": )" << voxels << R"(, "ms": )" << ms
              << "}" << std::endl;
}

void all_stages(const Profile& profile, const Place& place, int runs,
                const std::vector<std::int64_t>& sizes) {
    report("encode", 0, profile.median_ms(runs, [&] { profile.encode(); }));
    report("structure", 0, profile.median_ms(runs, [&] { profile.structure(); }));
    report("occupancy", 0, profile.median_ms(runs, [&] { profile.occupancy(); }));
    for (const auto size : sizes) {
        const auto voxels = hollow_ball(size, profile.configs().resolution());
        at::Tensor latent;
        Splats splats;
        // Tables are part of both: a fresh shape each time.
        report("latent", voxels.size(), profile.median_ms(runs, [&] {
            latent = profile.latent(SparseShape(voxels, place.device));
        }));
        report("gaussians", voxels.size(), profile.median_ms(runs, [&] {
            splats = profile.gaussians(latent, SparseShape(voxels, place.device));
        }));
        report("bytes", voxels.size(),
               profile.median_ms(runs, [&] { write_spz(export_splats(splats)); }));
    }
    std::cout << R"({"peak_gib": )" << peak_gib(place) << R"(, "parameters": )"
              << profile.parameters() << "}" << std::endl;
}

int run(const std::vector<std::string>& words) {
    config::Generator settings;
    settings.device = words[1];
    settings.dtype = words[2];
    const c10::InferenceMode no_gradients;
    at::globalContext().setAllowTF32CuDNN(false);
    const auto place = choose_place(settings);
    const Profile profile(words[0], place);
    std::vector<std::int64_t> sizes;
    for (std::size_t i = 4; i < words.size(); ++i) sizes.push_back(std::stol(words[i]));
    const std::set<std::string> stages{"encode", "structure", "occupancy", "latent", "gaussians"};
    if (stages.count(words[3]) > 0) {
        const auto voxels = hollow_ball(sizes.at(0), profile.configs().resolution());
        profile.step(words[3], SparseShape(voxels, place.device));
    } else {
        all_stages(profile, place, std::stoi(words[3]), sizes);
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count < 6) {
        std::cerr << "usage: miner_profile FOLDER DEVICE TYPE RUNS|STAGE VOXELS ...\n";
        return 64;
    }
    try {
        return run({words + 1, words + count});
    } catch (const Refused& refused) {
        std::cerr << refused.error().message() << "\n";
    } catch (const std::exception& thrown) {
        std::cerr << thrown.what() << "\n";
    }
    return 1;
}
