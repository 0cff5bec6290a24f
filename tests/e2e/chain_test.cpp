// miner run with a chain: a node of this process names the validators.
#include "tests/e2e/scene.hpp"

#include "network/simulator/chain_node.hpp"
#include "network/wallet/ss58.hpp"

#include <csignal>

using namespace tests;
using namespace std::chrono_literals;

namespace {

// A subnet of one validator and the scene's hotkey.
std::unique_ptr<network::ChainNode> chain_of(const Scene& scene,
                                             const network::LocalValidator& validator) {
    const auto peer = validator.peer();
    network::LocalNeuron known;
    known.hotkey = network::ss58_decode(peer.hotkey).value();
    known.stake_rao = 5'000'000'000'000;
    known.validator_permit = true;
    known.ip = 0x7f000001;
    known.port = peer.port;
    network::LocalNeuron ours;
    ours.hotkey = network::ss58_decode(scene.hotkey()).value();
    network::ChainNode::Options options;
    options.block_time = 100ms;
    options.neurons = {known, ours};
    return network::ChainNode::start(std::move(options)).value();
}

std::string named(const network::LocalValidator& validator) {
    return validator.peer().hotkey + "@" + network::authority(validator.peer());
}

}  // namespace

TEST_CASE("validators written with + are asked besides those of the chain") {
    Scene scene;
    auto& of_chain = scene.add_validator({quick_task("one")});
    auto& added = scene.add_validator({quick_task("two")});
    scene.leave_to_chain();
    const auto node = chain_of(scene, of_chain);
    Process miner(scene.mining({"--subtensor.network", "local", "--subtensor.chain_endpoint",
                                node->endpoint().url(), "--validators", "+" + named(added)}));
    CHECK(comes_true([&] {
        return (of_chain.tally().accepted == 1 && added.tally().accepted == 1) || miner.wait(0ms);
    }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    CHECK(of_chain.tally().accepted == 1);
    CHECK(added.tally().accepted == 1);
    scene.check_clean();
}

TEST_CASE("validators written with and without + end in a fault that says so") {
    Scene scene;
    const auto& validator = scene.add_validator({});
    const auto outcome =
        scene.ask({"run", "--validators", named(validator), "+" + named(validator)});
    CHECK(outcome.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(outcome.err, contains("1 of 2 entries begin with +"));
}
