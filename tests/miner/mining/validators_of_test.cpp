// Which neurons of a metagraph are validators to ask.
#include "miner/mining/chain_watch.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"

using network::AxonAddress;
using tests::key_of;

namespace {

constexpr std::uint64_t kTao = 1'000'000'000;

}  // namespace

TEST_CASE("only validators, and the owner, are asked, and never ourselves") {
    std::vector<network::Neuron> neurons(5);
    for (std::uint16_t uid = 0; uid < 5; ++uid) {
        neurons[uid].uid = uid;
        neurons[uid].hotkey = key_of(std::uint8_t(20 + uid)).public_key();
        neurons[uid].stake_rao = 2000 * kTao;
        neurons[uid].axon = {AxonAddress::State::usable, "198.51.100.7", 8091};
    }
    neurons[0].validator_permit = neurons[1].validator_permit = neurons[3].validator_permit = true;
    neurons[1].axon.state = AxonAddress::State::refused;
    const auto metagraph = network::Metagraph::of({17, 1, false}, neurons).value();
    config::Schedule settings;
    settings.owner_hotkey = key_of(24).address();
    const std::vector ours{key_of(23).public_key()};
    const auto uids = [&] {
        std::vector<int> list;
        for (const auto& validator : miner::validators_of(metagraph, settings, ours))
            list.push_back(validator.serving ? validator.uid : -validator.uid);
        return list;
    };
    CHECK(uids() == std::vector{0, -1, 4});
    settings.reference = true;
    CHECK(uids() == std::vector{0, -1, 2, 4});
}
