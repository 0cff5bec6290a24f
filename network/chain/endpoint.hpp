// Where the chain's nodes are: networks by name, and URLs. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace network {

struct Endpoint {
    bool tls = true;
    std::string host;  // name in lower case, IPv4 or IPv6 without brackets
    std::uint16_t port = 0;
    std::string target = "/";
    std::string genesis = {};  // hash of its chain's block 0 in lower case; empty: of any chain
    std::string user = {};     // "name:password" for HTTP's basic authentication; empty: none

    std::string url() const;    // with its secrets; parse_endpoint() reads the same from it
    std::string shown() const;  // without them (config/veil.hpp)
    bool operator==(const Endpoint&) const = default;
};

// "wss://user:password@host:443/path?query", also ws://. Fails with malformed.
config::Result<Endpoint> parse_endpoint(std::string_view url);

// What an operator does about a node that cannot be used for this reason.
std::string_view remedy(const config::Error& failure);

// The nodes of the settings' network, best first: subtensor.chain_endpoint alone when it is set,
// else those of the name, or the URL in its place. They must be of the chain subtensor.genesis, or
// of the one that is known by the name. Fails with malformed.
config::Result<std::vector<Endpoint>> endpoints(const config::Subtensor& settings);

// Private and loopback addresses of validators make sense on this machine's own network alone.
bool allows_private(const config::Subtensor& settings);

}  // namespace network
