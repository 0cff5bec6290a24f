// The application with validators from a local chain.
#include "tests/miner/app_stage.hpp"

#include <ctime>

using namespace tests;

TEST_CASE("a miner that knows nobody finds its validators on the chain") {
    Stage stage;
    stage.hotkeys = {1, 2};
    stage.add_validator({image_task("a"), image_task("b")});
    stage.start_chain();
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 2);
    CHECK(stage.count_lines("chain connected") == 1);
    CHECK(stage.count_lines("registered") == 2);
}

TEST_CASE("a node of another chain than the one that is meant is not believed") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.start_chain();
    stage.settings.subtensor.genesis = "0x" + std::string(64, '0');
    stage.stop_once([&] { return stage.count_lines("chain lost") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().pulls == 0);
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(), [](const std::string& line) {
        return line.find("a node of another chain") != std::string::npos &&
               line.find("subtensor.genesis") != std::string::npos;
    }));
}

TEST_CASE("validators that the operator names besides are asked too, whatever the chain says") {
    Stage stage;
    stage.add_validator({image_task("of the chain")});
    stage.add_validator({image_task("of the operator")});
    stage.add_validator({image_task("of both")});
    // The chain sends miners who ask the third to where nobody is.
    const auto second = stage.validators[1]->peer(), third = stage.validators[2]->peer();
    stage.start_chain();
    stage.chain->change([&](network::ChainState& state) {
        state.deregister(network::ss58_decode(second.hotkey).value());
        state.move(network::ss58_decode(third.hotkey).value(), 1);
    });
    stage.named = miner::named_validators({"+" + second.hotkey + "@" + network::authority(second),
                                           "+" + third.hotkey + "@" + network::authority(third)})
                      .value()
                      .list;
    CHECK(stage.run() == ExitCode::ok);
    for (const auto& validator : stage.validators) CHECK(validator->tally().accepted == 1);
    CHECK(stage.count_lines("pull failed") == 0);
}

TEST_CASE("a validator that goes to another port is found there without a restart") {
    Stage stage;
    stage.time_scale = 0.001;
    stage.add_validator({image_task("a"), image_task("b")});
    stage.start_chain();
    stage.between_turns = [&, moved = false]() mutable {
        auto& validator = *stage.validators[0];
        if (moved || validator.tally().accepted != 1) return;
        moved = true;
        const auto port = validator.move().value();
        stage.chain->change([&](network::ChainState& state) {
            state.move(network::ss58_decode(validator.peer().hotkey).value(), port);
        });
    };
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("cool-downs of an earlier run hold for validators that the chain names") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.start_chain();
    stage.told(key_of(1).address(), stage.validators[0]->peer().hotkey, std::time(nullptr) + 3600);
    stage.stop_once([&] { return stage.count_lines("cooling down") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("cooling down") == 1);
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("a validator that moved is asked at its new place as soon as a pull has failed") {
    Stage stage;
    stage.add_validator({image_task("a")});
    const auto peer = stage.validators[0]->peer();
    stage.start_chain(100ms);
    stage.settings.subtensor.refresh_blocks = 7'200;  // 12 minutes: no help
    const auto key = network::ss58_decode(peer.hotkey).value();
    stage.chain->change([&](network::ChainState& state) { state.move(key, 1); });
    const auto begun = std::chrono::steady_clock::now();
    stage.between_turns = [&, moved = false, asked = false]() mutable {
        if (!moved && stage.count_lines("pull failed") > 0) {
            moved = true;
            stage.chain->change([&](network::ChainState& state) { state.move(key, peer.port); });
        }
        if (!asked && std::chrono::steady_clock::now() - begun > std::chrono::minutes(8)) {
            asked = true;
            ::kill(::getpid(), SIGTERM);
        }
    };
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("pull failed") > 0);
    CHECK(stage.validators[0]->tally().accepted == 1);
}
