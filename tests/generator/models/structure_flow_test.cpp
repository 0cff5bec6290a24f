#include "generator/models/structure_flow.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/paths.hpp"

#include "generator/sample/flow_euler.hpp"
#include "tests/support/catch.hpp"

namespace {

std::vector<double> times_of(const generator::SamplerSettings& settings) {
    std::vector<double> times;
    for (const auto& step : generator::timesteps(settings)) times.push_back(step.t);
    return times;
}

}  // namespace

TEST_CASE("one velocity of the structure flow meets the golden one", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const auto& flow = networks.structure_flow;
    const auto plan = flow.plan({golden["ss_flow_t"].item<double>() / 1000}, {golden["cond"]});
    CHECK(tests::relative_error(flow.velocity(golden["ss_noise"], plan, 0, 1),
                                golden["ss_flow_v"]) < tests::kTolerances.fp32);
}

TEST_CASE("the guided structure flow meets the golden latent", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    const auto networks = tests::read_networks(tests::golden_folder());
    const auto& settings = networks.manifest.structure_sampler;
    const auto plan =
        networks.structure_flow.plan(times_of(settings), {golden["cond"], at::Tensor()});
    const auto latent = generator::integrate(
        [&](const at::Tensor& x, int step, bool guided) {
            const auto v =
                networks.structure_flow.velocity(x, plan, std::size_t(step), guided ? 2 : 1);
            return generator::Velocities{v.narrow(0, 0, 1),
                                         guided ? v.narrow(0, 1, 1) : at::Tensor()};
        },
        golden["ss_noise"], settings, {});
    REQUIRE(latent.has_value());
    CHECK(tests::relative_error(*latent, golden["ss_latent"]) < tests::kTolerances.fp32);
}

TEST_CASE("both branches in one batch equal each by itself") {
    const std::string folder = tests::project_path("tests/golden/tiny");
    const tests::Golden golden(folder);
    const auto networks = tests::read_networks(folder);
    const auto& flow = networks.structure_flow;
    const auto zeros = at::zeros_like(golden["cond"]);
    const auto both = flow.plan({0.5}, {golden["cond"], at::Tensor()});
    const auto v = flow.velocity(golden["ss_noise"], both, 0, 2);
    const auto conditional =
        flow.velocity(golden["ss_noise"], flow.plan({0.5}, {golden["cond"]}), 0, 1);
    const auto unconditional = flow.velocity(golden["ss_noise"], flow.plan({0.5}, {zeros}), 0, 1);
    CHECK(tests::relative_error(v.narrow(0, 0, 1), conditional) < tests::kTolerances.fp32);
    CHECK(tests::relative_error(v.narrow(0, 1, 1), unconditional) < tests::kTolerances.fp32);
}
