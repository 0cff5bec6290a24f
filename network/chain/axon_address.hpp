// Where an axon says that it listens. The chain stores any number that somebody paid for, so that
// an address may point at our own machine or network. Pure; any thread.
#pragma once

#include "network/chain/scale.hpp"

#include <cstdint>
#include <string>

namespace network {

// An axon's entry as the chain has it: the address as one number (IPv4 in the low 32 bits).
struct AxonEntry {
    Uint128 ip = 0;
    std::uint64_t ip_type = 0;  // 4 or 6
    std::uint64_t port = 0;
};

struct AxonAddress {
    enum class State {
        none,     // no axon was announced: address or port 0
        usable,   // host and port are set
        refused,  // private, loopback or link-local, and such ones are not allowed
        invalid,  // multicast, reserved, of another type than 4 and 6, or a number too large
    };

    State state = State::none;
    std::string host;  // IPv4, or IPv6 without brackets; set for refused ones too
    std::uint16_t port = 0;

    bool operator==(const AxonAddress&) const = default;
};

// An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) is judged as IPv4, and a
// mapped one becomes IPv4.
AxonAddress axon_address(const AxonEntry& entry, bool allow_private);

}  // namespace network
