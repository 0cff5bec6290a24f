// Everybody on a subnet at one block. Immutable once made; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/axon_address.hpp"
#include "network/chain/value.hpp"
#include "network/wallet/keypair.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace network {

struct Neuron {
    std::uint16_t uid = 0;
    PublicKey hotkey{};
    PublicKey coldkey{};
    std::uint64_t stake_rao =
        0;  // total stake as the chain weighs it: what minimum stakes are about
    bool validator_permit = false;
    AxonAddress axon;
    std::uint64_t last_update = 0;  // block of the last weights

    bool operator==(const Neuron&) const = default;
};

class Metagraph {
public:
    struct Place {
        std::uint16_t netuid = 0;
        std::uint64_t block = 0;
        // Private and loopback axons are used: for a network on this machine.
        bool allow_private = false;
    };

    Metagraph() = default;

    // From the answers of NeuronInfoRuntimeApi_get_neurons_lite and
    // SubnetInfoRuntimeApi_get_subnet_state, decoded; fields are found by name, and those that are
    // not needed are not looked at. A neuron without an entry in the state has no stake. Fails with
    // malformed when a field is missing or of another kind, or two neurons have one uid.
    static config::Result<Metagraph> make(const Place& place, const Value& neurons,
                                          const Value& state);

    // From neurons in any order. Fails with malformed when two have one uid.
    static config::Result<Metagraph> of(const Place& place, std::vector<Neuron> neurons);

    const Place& place() const { return place_; }
    std::uint16_t netuid() const { return place_.netuid; }
    std::uint64_t block() const { return place_.block; }
    const std::vector<Neuron>& neurons() const { return neurons_; }  // by uid

    // nullptr when there is none.
    const Neuron* find(std::uint16_t uid) const;
    const Neuron* find(const PublicKey& hotkey) const;

private:
    Place place_;
    std::vector<Neuron> neurons_;
};

}  // namespace network
