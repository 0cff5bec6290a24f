// Checks on the chain: does a node answer, how fast, are our hotkeys registered, and whom may they
// ask? On io.
#pragma once

#include "config/settings.hpp"
#include "miner/check/finding.hpp"
#include "network/chain/rpc.hpp"
#include "network/subnet/messages.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace miner {

struct ChainReport {
    Findings findings;
    std::vector<network::Peer> validators;  // that have an address and enough stake
    bool is_read = false;                   // the subnet: else it is not known who there is
};

// `hotkeys`: addresses. Each node is tried once: when all have failed, it ends. Else it ends at the
// latest when `rpc.limits.request` is over three times: one connection, one question for each
// hotkey and one for the subnet.
boost::asio::awaitable<ChainReport> check_chain(config::Settings settings,
                                                std::vector<std::string> hotkeys,
                                                network::RpcOptions rpc);

}  // namespace miner
