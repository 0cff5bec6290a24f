// Validators that attack: what one does with a miner that comes for a task.
#pragma once

#include "network/subnet/messages.hpp"
#include "tests/network/loopback.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace endure {

// The id of every hostile task.
inline constexpr const char* kHostileTask = "hostile";

struct ValidatorAttack {
    using Script = tests::LoopbackPeer::Script;

    std::string name;
    Script pull;      // in place of the answer to a pull, which has been read
    Script submit{};  // the same to what is submitted for kHostileTask; empty: it is thanked
    int answers = 1;  // so many pulls are met so
};

std::vector<ValidatorAttack> validator_attacks();

// A validator whose first answers are an attack, and who is `behind` from then on.
class HostileValidator {
public:
    // Without an attack it is `behind` from the start.
    HostileValidator(const ValidatorAttack* attack, network::Peer behind);

    network::Peer peer() const;
    // The attack has begun.
    bool attacked() const { return attacked_ > 0; }

private:
    void serve(tests::LoopbackPeer::Socket& socket);

    const ValidatorAttack* attack_;
    network::Peer behind_;
    std::atomic<int> attacked_ = 0;
    tests::LoopbackPeer peer_;  // last: its thread uses the others
};

// What a request at `from` says goes to whoever listens at `port`, and the answer back.
void pass_on(tests::LoopbackPeer::Socket& from, const std::string& request, std::uint16_t port);

}  // namespace endure
