#include "network/chain/endpoint.hpp"

#include "config/places.hpp"
#include "network/errc.hpp"
#include "network/http/client.hpp"

#include <array>
#include <charconv>

namespace network {
namespace {

using config::fail;
using config::Result;

// Beside the one that config::chain_url() gives; of bittensor's own list.
constexpr std::array kFinneyToo{"wss://lite.chain.opentensor.ai:443",
                                "wss://lite.sub.latent.to:443"};

// Of mainnet, which has several names, and of the test network.
constexpr std::string_view kMainnet =
    "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
constexpr std::string_view kTestNetwork =
    "0x8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105";

std::string genesis_of(const config::Subtensor& settings) {
    if (!settings.genesis.empty()) {
        std::string hash = settings.genesis;
        for (char& digit : hash)
            if (digit >= 'A' && digit <= 'F') digit = char(digit - 'A' + 'a');
        return hash;
    }
    if (!settings.chain_endpoint.empty()) return {};
    if (settings.network == "test") return std::string(kTestNetwork);
    for (const auto* name : {"finney", "archive", "latent-lite"})
        if (settings.network == name) return std::string(kMainnet);
    return {};
}

}  // namespace

std::string Endpoint::url() const {
    return (tls ? "wss://" : "ws://") + authority(host, port) + (target == "/" ? "" : target);
}

Result<Endpoint> parse_endpoint(std::string_view url) {
    const auto refuse = [&](std::string_view why) {
        return fail(Errc::malformed,
                    "'" + std::string(url) + "': " + std::string(why) + ", as in wss://host:443");
    };
    Endpoint endpoint;
    std::string_view rest = url;
    if (rest.starts_with("wss://")) {
        rest.remove_prefix(6);
    } else if (rest.starts_with("ws://")) {
        rest.remove_prefix(5);
        endpoint.tls = false;
    } else {
        return refuse("a node's URL begins with ws:// or wss://");
    }
    if (const auto slash = rest.find('/'); slash != rest.npos) {
        endpoint.target = rest.substr(slash);
        rest = rest.substr(0, slash);
    }
    endpoint.port = endpoint.tls ? 443 : 80;
    const auto colon = rest.rfind(':');
    if (colon != rest.npos && !rest.ends_with(']')) {
        const auto digits = rest.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
        if (error != std::errc{} || end != digits.data() + digits.size() || endpoint.port == 0) {
            return refuse("no port");
        }
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    if (rest.empty()) return refuse("no host");
    endpoint.host = rest;
    return endpoint;
}

Result<std::vector<Endpoint>> endpoints(const config::Subtensor& settings) {
    std::vector<std::string> urls{config::chain_url(settings)};
    if (settings.chain_endpoint.empty() && settings.network == "finney") {
        urls.insert(urls.end(), kFinneyToo.begin(), kFinneyToo.end());
    }
    std::vector<Endpoint> parsed;
    for (const auto& url : urls) {
        auto endpoint = parse_endpoint(url);
        if (!endpoint) return endpoint.error();
        endpoint->genesis = genesis_of(settings);
        parsed.push_back(std::move(*endpoint));
    }
    return parsed;
}

bool allows_private(const config::Subtensor& settings) { return settings.network == "local"; }

}  // namespace network
