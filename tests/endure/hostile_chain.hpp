// A node of the chain that attacks whoever connects to it, and is an honest one afterwards.
#pragma once

#include "tests/network/loopback.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace endure {

struct ChainAttack {
    std::string name;
    tests::LoopbackPeer::Script script;  // once the WebSocket is open; what was asked is unread
};

std::vector<ChainAttack> chain_attacks();

class HostileNode {
public:
    // The first connection is the attack's, later ones go to who listens at `behind`. Without an
    // attack all do.
    HostileNode(const ChainAttack* attack, std::uint16_t behind);

    std::string url() const { return "ws://127.0.0.1:" + std::to_string(peer_.port()); }
    bool attacked() const { return attacked_; }

private:
    void serve(tests::LoopbackPeer::Socket& socket);

    const ChainAttack* attack_;
    std::uint16_t behind_;
    std::atomic<bool> attacked_ = false;
    tests::LoopbackPeer peer_;  // last: its thread uses the others
};

}  // namespace endure
