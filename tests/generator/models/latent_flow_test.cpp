#include "generator/models/latent_flow.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/paths.hpp"

#include "generator/sample/flow_euler.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("one velocity of the latent flow meets the golden one", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    const auto plan = networks.latent_flow.plan(shape, {golden["ss_flow_t"].item<double>() / 1000},
                                                {golden["cond"]});
    const auto v = networks.latent_flow.velocity(golden["slat_noise"], plan, 0, 1);
    CHECK(tests::relative_error(v[0], golden["slat_flow_v"]) < tests::kTolerances.fp32);
}

TEST_CASE("the guided latent flow meets the golden latent", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    const auto& settings = networks.manifest.latent_sampler;
    std::vector<double> times;
    for (const auto& step : generator::timesteps(settings)) times.push_back(step.t);
    const auto plan = networks.latent_flow.plan(shape, times, {golden["cond"], at::Tensor()});
    const auto latent = generator::integrate(
        [&](const at::Tensor& x, int step, bool guided) {
            const auto v =
                networks.latent_flow.velocity(x, plan, std::size_t(step), guided ? 2 : 1);
            return generator::Velocities{v[0], guided ? v[1] : at::Tensor()};
        },
        golden["slat_noise"], settings, {});
    REQUIRE(latent.has_value());
    CHECK(tests::relative_error(*latent, golden["slat_raw"]) < tests::kTolerances.fp32);
}

TEST_CASE("both branches of the latent flow in one batch equal each by itself") {
    const std::string folder = tests::project_path("tests/golden/tiny");
    const tests::Golden golden(folder);
    const auto networks = tests::read_networks(folder);
    const auto& flow = networks.latent_flow;
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    const auto zeros = at::zeros_like(golden["cond"]);
    const auto x = golden["slat_noise"];
    const auto v = flow.velocity(x, flow.plan(shape, {0.5}, {golden["cond"], at::Tensor()}), 0, 2);
    CHECK(tests::relative_error(v[0], flow.velocity(x, flow.plan(shape, {0.5}, {golden["cond"]}), 0,
                                                    1)[0]) < tests::kTolerances.fp32);
    CHECK(tests::relative_error(v[1], flow.velocity(x, flow.plan(shape, {0.5}, {zeros}), 0, 1)[0]) <
          tests::kTolerances.fp32);
}
