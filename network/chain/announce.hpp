// Telling the chain where an axon listens: serve_axon, signed by the hotkey, which costs nothing.
// A miner of this subnet needs none.
#pragma once

#include "config/result.hpp"
#include "network/chain/subtensor.hpp"
#include "network/wallet/keypair.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace network {

// From an IP literal. Fails with malformed: no literal, a loopback or unspecified address, port 0;
// the chain takes none of these.
config::Result<AxonEntry> axon_entry(const std::string& ip, std::uint16_t port);

enum class Announced {
    already,  // the chain has this very address; nothing was sent
    done,     // sent, in a block, and the chain has the address now
};

// Sends only when the chain has another address, or none, for the hotkey. The extrinsic is valid
// for about 64 blocks. Fails as Subtensor's calls do, and with node_error when it came into a block
// but the chain kept the old address (not registered, or announced again too soon); with
// bad_key_file for a key that is not sr25519.
boost::asio::awaitable<config::Result<Announced>> announce_axon(Subtensor& subtensor,
                                                                const Keypair& key,
                                                                std::uint16_t netuid,
                                                                AxonEntry wanted,
                                                                std::chrono::milliseconds limit);

}  // namespace network
