// Every network on the GPU against the golden tensors that the reference made on a CPU.
#include "generator/trellis/trellis.hpp"

#include "tests/generator/golden.hpp"
#include "tests/gpu/last_gpu.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <iostream>

namespace {

// Sums in another order, over networks of up to 12 layers and a dozen sampler steps; a network by
// itself came to 2e-6 at worst on an H100.
constexpr double kFp32 = 1e-4;
// What 16 bits cost a single network: on an H100 0.0016 at worst in fp16 and 0.013 in bf16.
constexpr double kFp16 = 5e-3, kBf16 = 4e-2;

struct Folder {
    std::string model, golden;
};

const Folder kTiny{tests::project_path("tests/golden/tiny"),
                   tests::project_path("tests/golden/tiny")};
const Folder kOdd{tests::project_path("tests/golden/odd"), tests::project_path("tests/golden/odd")};
const Folder kNano{tests::project_path("generator/nano/model"),
                   tests::project_path("tests/golden/nano")};

// The relative error of each network, fed with what the reference fed to it.
void check_networks(const Folder& folder, at::ScalarType dtype, double tolerance) {
    at::globalContext().setAllowTF32CuDNN(false);
    const tests::Golden golden(folder.golden);
    const auto gpu = tests::last_gpu();
    const auto networks = tests::read_networks(folder.model, {gpu, dtype});
    const auto input = [&](const char* name) { return golden[name].to(gpu); };
    const auto condition = input("cond").to(dtype);
    const generator::SparseShape shape(golden.voxels(), gpu);
    const auto check = [&](const char* name, const at::Tensor& got, const char* index = "") {
        const double error =
            tests::relative_error(golden.stored(got.to(at::kCPU), index), golden[name]);
        std::cout << folder.golden.substr(folder.golden.rfind('/') + 1) << " " << dtype << " "
                  << name << " " << error << "\n";
        INFO(name);
        CHECK(error < tolerance);
    };

    REQUIRE(networks.encoder.has_value());
    const auto& encoder = *networks.encoder;
    check("cond", encoder.condition(encoder.features(input("image_u8_hwc"))));
    if (golden.has("ss_flow_t")) {
        const double t = golden["ss_flow_t"].item<double>() / 1000;
        const auto& structure = networks.structure_flow;
        check("ss_flow_v",
              structure.velocity(input("ss_noise"), structure.plan({t}, {condition}), 0, 1));
        const auto& latent = networks.latent_flow;
        check("slat_flow_v",
              latent.velocity(input("slat_noise"), latent.plan(shape, {t}, {condition}), 0, 1)[0]);
    }
    if (golden.has("ss_logits"))
        check("ss_logits", networks.structure_decoder.logits(input("ss_latent")));
    if (golden.has("gs_feats"))
        check("gs_feats", networks.gaussian_decoder.features(input("slat"), shape),
              "gs_feats_voxel");
}

std::unique_ptr<generator::Generator> make(const std::string& folder, const std::string& device,
                                           const std::string& dtype) {
    config::Generator settings;
    settings.model = folder;
    settings.device = device;
    settings.dtype = dtype;
    return std::move(generator::make_trellis(settings).value());
}

template <std::size_t kWidth>
at::Tensor tensor_of(const std::vector<std::array<float, kWidth>>& rows) {
    return at::from_blob(const_cast<float*>(rows.data()->data()),
                         {std::int64_t(rows.size()), std::int64_t(kWidth)})
        .clone();
}

}  // namespace

TEST_CASE("in fp32 every network equals its golden output", "[gpu][golden]") {
    check_networks(GENERATE(kTiny, kOdd, kNano), at::kFloat, kFp32);
}

TEST_CASE("in 16 bits every network stays near its golden output", "[gpu][golden]") {
    const auto folder = GENERATE(kTiny, kNano);
    SECTION("fp16") { check_networks(folder, at::kHalf, kFp16); }
    SECTION("bf16") { check_networks(folder, at::kBFloat16, kBf16); }
}

TEST_CASE("in fp32 a picture becomes the golden voxels, all of them, and their splats",
          "[gpu][golden]") {
    const auto folder = GENERATE(kTiny, kOdd, kNano);
    const tests::Golden golden(folder.golden);
    const auto gpu = make(folder.model, tests::last_gpu_name(), "fp32");
    CHECK(gpu->info().device == tests::last_gpu_name());
    const auto structure = gpu->generate_structure(golden.picture(), golden.seed(), {});
    REQUIRE(structure.has_value());
    REQUIRE((*structure)->voxels() == golden["coords"].size(0));
    const auto generated = gpu->generate_splats(**structure, nullptr, {});
    REQUIRE(generated.has_value());
    // Positions are bound to their voxels, so equal ones mean equal voxels.
    const auto got = golden.stored(tensor_of(generated->splats.position), "gaussian_index");
    CHECK(tests::relative_error(got, golden["xyz"]) < kFp32);
}

TEST_CASE("the same seed gives the same splats to the bit", "[gpu]") {
    const tests::Golden golden(kTiny.golden);
    const auto gpu = make(kTiny.model, tests::last_gpu_name(), "fp16");
    const auto once = gpu->generate_structure(golden.picture(), 7, {}),
               again = gpu->generate_structure(golden.picture(), 7, {});
    REQUIRE((once && again));
    const auto a = gpu->generate_splats(**once, nullptr, {}),
               b = gpu->generate_splats(**again, nullptr, {});
    REQUIRE((a && b));
    CHECK((a->splats.position == b->splats.position));
    CHECK(a->splats.opacity == b->splats.opacity);
}
