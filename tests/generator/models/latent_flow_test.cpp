#include "generator/models/latent_flow.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/paths.hpp"

#include "generator/sample/flow_euler.hpp"
#include "tests/support/catch.hpp"

#include <utility>

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

TEST_CASE("rows that pad the tokens for a GPU's attention change no velocity") {
    const std::string folder = tests::project_path("tests/golden/tiny");
    const tests::Golden golden(folder);
    const auto networks = tests::read_networks(folder);
    const auto& flow = networks.latent_flow;
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    auto plan = flow.plan(shape, {0.5}, {golden["cond"], at::Tensor()});
    const auto v = flow.velocity(golden["slat_noise"], plan, 0, 2);
    auto& tokens = plan.stack.tokens;
    REQUIRE_FALSE(tokens);
    tokens.size = tokens.rows + 37;
    tokens.on_device = at::full({2}, tokens.rows, at::kInt);
    const auto padded = flow.velocity(golden["slat_noise"], plan, 0, 2);
    REQUIRE(padded.sizes() == v.sizes());
    CHECK(tests::relative_error(padded, v) < 1e-5);
}

TEST_CASE("plans of the same times share what these come to, of other times they do not") {
    const std::string folder = tests::project_path("tests/golden/tiny");
    const tests::Golden golden(folder);
    const auto networks = tests::read_networks(folder);
    const auto& flow = networks.latent_flow;
    const generator::SparseShape shape(golden.voxels(), at::kCPU);
    const auto velocity = [&](double t) {
        const auto plan = flow.plan(shape, {t}, {golden["cond"]});
        return std::pair(plan.modulations, flow.velocity(golden["slat_noise"], plan, 0, 1));
    };
    const auto first = velocity(0.5), again = velocity(0.5), other = velocity(0.25),
               back = velocity(0.5);
    CHECK(first.first == again.first);
    CHECK(first.first != other.first);
    CHECK(first.second.equal(again.second));
    CHECK(first.second.equal(back.second));
    CHECK_FALSE(first.second.equal(other.second));
}
