// What bf16, which is quicker where a processor has it, changes in a result of the embedded model.
#include "generator/sample/flow_euler.hpp"
#include "generator/sample/noise.hpp"
#include "generator/trellis/networks.hpp"
#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace {

using namespace generator;

const std::string kNano = tests::project_path("generator/nano/model");
constexpr std::uint64_t kSeed = 1;

// One of the two types, from picture to Gaussians.
struct Side {
    explicit Side(at::ScalarType type)
        : dtype(type), networks(tests::read_networks(kNano, {at::kCPU, type})) {}

    at::Tensor condition(const at::Tensor& picture) const {
        return networks.encoder->condition(networks.encoder->features(picture)).to(dtype);
    }

    template <class Plan, class Evaluate>
    static at::Tensor sample(const Plan& plan, const SamplerSettings& sampler,
                             const at::Tensor& noise, Evaluate evaluate) {
        return *integrate(
            [&](const at::Tensor& x, int step, bool guided) {
                const auto v = evaluate(x, plan, std::size_t(step), guided ? 2 : 1);
                const auto branch = [&](std::int64_t b) {
                    return x.dim() == v.dim() ? v.narrow(0, b, 1) : v[b];
                };
                return Velocities{branch(0), guided ? branch(1) : at::Tensor()};
            },
            noise, sampler, {});
    }

    static std::vector<double> times(const SamplerSettings& sampler) {
        std::vector<double> all;
        for (const auto& step : timesteps(sampler)) all.push_back(step.t);
        return all;
    }

    std::vector<Voxel> voxels(const at::Tensor& condition) const {
        const auto& config = networks.configs.structure_flow;
        const auto& sampler = networks.manifest.structure_sampler;
        const auto r = config.resolution;
        const auto latent = sample(
            networks.structure_flow.plan(times(sampler), {condition, at::Tensor()}), sampler,
            Noise(kSeed).draw({1, config.channels, r, r, r}),
            [&](const at::Tensor& x, const auto& plan, std::size_t step, std::size_t branches) {
                return networks.structure_flow.velocity(x, plan, step, branches);
            });
        return active_voxels(networks.structure_decoder.logits(latent));
    }

    GaussianTensors gaussians(const at::Tensor& condition, const SparseShape& shape) const {
        const auto& sampler = networks.manifest.latent_sampler;
        const auto latent = sample(
            networks.latent_flow.plan(shape, times(sampler), {condition, at::Tensor()}), sampler,
            Noise(kSeed).draw({shape.size(), networks.configs.latent_flow.channels}),
            [&](const at::Tensor& x, const auto& plan, std::size_t step, std::size_t branches) {
                return networks.latent_flow.velocity(x, plan, step, branches);
            });
        const auto row = [](const std::vector<double>& values) {
            return at::tensor(at::ArrayRef<double>(values), at::kDouble).to(at::kFloat);
        };
        const auto& manifest = networks.manifest;
        return networks.gaussian_decoder.gaussians(
            networks.gaussian_decoder.features(
                latent * row(manifest.latent_std) + row(manifest.latent_mean), shape),
            shape);
    }

    at::ScalarType dtype;
    Networks networks;
};

double mean_distance(const at::Tensor& a, const at::Tensor& b) {
    return (a - b).norm(2, -1).mean().item<double>();
}

}  // namespace

TEST_CASE("bf16 finds the voxels of fp32, and paints them alike") {
    const tests::Golden golden(tests::project_path("tests/golden/nano"));
    const Side exact(at::kFloat), quick(at::kBFloat16);
    const auto picture = golden["image_u8_hwc"];
    const auto exact_condition = exact.condition(picture),
               quick_condition = quick.condition(picture);
    const auto a = exact.voxels(exact_condition), b = quick.voxels(quick_condition);
    std::vector<Voxel> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    const double overlap = double(both.size()) / double(a.size() + b.size() - both.size());
    INFO(a.size() << " and " << b.size() << " voxels, IoU " << overlap);
    CHECK(overlap >= 0.99);

    // From the same voxels: other ones would draw other noise.
    const SparseShape shape(a, at::kCPU);
    const auto made = exact.gaussians(exact_condition, shape),
               near = quick.gaussians(quick_condition, shape);
    constexpr double kHarmonic = 0.28209479;  // of degree 0: to RGB
    const double position = mean_distance(made.position, near.position),
                 colour = kHarmonic * mean_distance(made.colour, near.colour);
    INFO("positions " << position << ", colours " << colour);
    CHECK(position < 0.1 / 64);  // a tenth of a voxel
    CHECK(colour < 0.02);        // five steps of 255
}
