// One stage of a checkpoint between a profiler's marks, after one run to warm up.
//
//     miner_profile FOLDER DEVICE TYPE STAGE VOXELS
//
// STAGE is encode, structure (one guided step), occupancy, latent (one guided step) or gaussians. A
// random checkpoint makes no object, so stage 2 runs on a hollow ball of about so many voxels. What
// whole generations take, `miner bench` tells.
#include "generator/sample/noise.hpp"
#include "generator/trellis/bench.hpp"
#include "generator/trellis/networks.hpp"
#include "generator/trellis/splats.hpp"
#include "generator/weights/refused.hpp"

#include <iostream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>

namespace {

using namespace generator;

// Of libcudart, which is there where a GPU is; by its name, as the build goes without its header.
void tell_profiler(const char* name) {
    if (auto* const call = reinterpret_cast<int (*)()>(::dlsym(RTLD_DEFAULT, name))) call();
}

class Profile {
public:
    Profile(const std::string& folder, const ComputeTarget& target)
        : target_(target), networks_(read(folder, target)) {
        const auto& c = networks_.configs;
        const auto side = c.encoder.value().picture_size;  // a pipeline for pictures
        picture_ = at::randint(256, {side, side, 3}, at::kByte);
        condition_ = encode();
        const auto r = c.structure_flow.resolution;
        noise_ = Noise(1).draw({1, c.structure_flow.channels, r, r, r}).to(target_.device);
    }

    at::Tensor encode() const {
        const auto& encoder = *networks_.encoder;
        return encoder.condition(encoder.features(picture_)).to(target_.dtype);
    }

    std::size_t occupancy() const {
        return active_voxels(networks_.structure_decoder.logits(noise_)).size();
    }

    Splats gaussians(const at::Tensor& latent, const SparseShape& shape) const {
        const auto& decoder = networks_.gaussian_decoder;
        return copy_(decoder.gaussians(decoder.features(latent, shape), shape));
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
                gaussians(Noise(2).draw({shape.size(), channels}).to(target_.device), shape);
            } else if (stage == "latent") {
                const auto& flow = networks_.latent_flow;
                const auto x =
                    Noise(2).draw({shape.size(), networks_.configs.latent_flow.channels});
                flow.velocity(x.to(target_.device),
                              flow.plan(shape, {0.5}, {condition_, at::Tensor()}), 0, 2);
            } else {
                refuse(Errc::wrong_input, "no stage '" + stage + "'");
            }
            target_.synchronize();
        };
        run();
        tell_profiler("cudaProfilerStart");
        run();
        tell_profiler("cudaProfilerStop");
    }

    const NetworkConfigs& configs() const { return networks_.configs; }

private:
    static Networks read(const std::string& folder, const ComputeTarget& target) {
        const auto files = folder_files(folder);
        return Networks::read(*files, target, read_manifest(*files));
    }

    ComputeTarget target_;
    Networks networks_;
    at::Tensor picture_, condition_, noise_;
    mutable HostCopy copy_;
};

int run(const std::vector<std::string>& words) {
    config::Generator settings;
    settings.device = words[1];
    settings.dtype = words[2];
    const c10::InferenceMode no_gradients;
    at::globalContext().setAllowTF32CuDNN(false);
    const auto target = choose_target(settings);
    const Profile profile(words[0], target);
    const auto voxels = hollow_ball(std::stol(words[4]), profile.configs().resolution());
    profile.step(words[3], SparseShape(voxels, target.device));
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count != 6) {
        std::cerr << "usage: miner_profile FOLDER DEVICE TYPE STAGE VOXELS\n";
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
