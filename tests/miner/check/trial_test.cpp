#include "miner/check/trial.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"

using miner::Finding;
using State = Finding::State;

namespace {

struct Trial {
    config::Settings settings;
    std::shared_ptr<tests::Script> script = std::make_shared<tests::Script>();
    config::Logger log{config::Level::error, false, [](std::string_view) {}};

    Trial() {
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        script->voxels = {100};
    }
    miner::Findings run() {
        return miner::check_generation(settings, tests::make_fake(script), log);
    }
};

}  // namespace

TEST_CASE("a model that loads and generates is two findings") {
    Trial trial;
    const auto findings = trial.run();
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].what == "model");
    CHECK(findings[0].state == State::warn);  // the embedded one, for rehearsals
    CHECK(findings[1].state == State::ok);
    CHECK_THAT(findings[1].found, Catch::Contains("SPZ"));
    CHECK(trial.script->stage2_runs == 1);
}

TEST_CASE("a model that does not load stops mining") {
    Trial trial;
    const auto findings = miner::check_generation(
        trial.settings,
        [](const config::Generator&) -> config::Result<std::unique_ptr<generator::Generator>> {
            return config::fail(generator::Errc::missing_file, "ckpts/x.safetensors");
        },
        trial.log);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].state == State::fail);
    CHECK_THAT(findings[0].found, Catch::Contains("ckpts/x.safetensors"));
    CHECK_THAT(findings[0].remedy, Catch::Contains("generator.model"));
}

TEST_CASE("a generation that fails stops mining; a sparse one is worth a look") {
    Trial trial;
    trial.script->voxels = {-1};
    CHECK(trial.run().at(1).state == State::fail);
    trial.script->voxels = {1};
    CHECK(trial.run().at(1).state == State::warn);
}
