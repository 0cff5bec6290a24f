// One hotkey with what is its own: key, validators, cool-downs. A value passed along, never a
// global, since several share one generator. Lives on io.
#pragma once

#include "miner/mining/schedule.hpp"
#include "network/wallet/keypair.hpp"

#include <string>
#include <utility>

namespace miner {

struct Identity {
    network::Keypair key;
    Schedule schedule;
    // False while the subnet does not know this hotkey: it has no turns then, and waits.
    bool registered = true;

    const std::string& hotkey() const { return key.address(); }
};

}  // namespace miner
