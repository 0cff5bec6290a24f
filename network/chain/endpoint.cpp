#include "network/chain/endpoint.hpp"

#include "config/places.hpp"
#include "config/veil.hpp"
#include "network/errc.hpp"
#include "network/http/url.hpp"

#include <algorithm>
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

// As it stands in a URL: %40 is "@".
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const auto digits = text.substr(i + 1, 2);
        if (text[i] == '%' && digits.size() == 2 &&
            std::from_chars(digits.data(), digits.data() + 2, value, 16).ptr == digits.data() + 2) {
            out += char(value);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string encoded(std::string_view text) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kPlain.find(c) != kPlain.npos)
            out += c;
        else
            (out += '%').append({kDigits[byte >> 4], kDigits[byte & 15]});
    }
    return out;
}

// As it must be in the first line of a request.
bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

std::string Endpoint::url() const {
    return (tls ? "wss://" : "ws://") + (user.empty() ? "" : encoded(user) + "@") +
           authority(host, port) + (target == "/" ? "" : target);
}

std::string Endpoint::shown() const { return config::veiled(url()); }

std::string_view remedy(const config::Error& failure) {
    const bool known = failure.code.category() == error_category();
    switch (known ? Errc(failure.code.value()) : Errc::io) {
        case Errc::resolve_failed:
        case Errc::resolve_timeout:
            return "see how the host is spelt, and whether this machine can look up names";
        case Errc::refused:
            return "see host and port, and whether the node runs";
        case Errc::connect_timeout:
        case Errc::unreachable:
            return "see host and port, and whether this machine may open connections outward";
        case Errc::handshake_timeout:
        case Errc::closed:
            return "if it stays so, see the port: wss:// where TLS is spoken, ws:// where it is "
                   "not";
        case Errc::not_tls:
            return "write ws:// in place of wss://, or the port where TLS is spoken";
        case Errc::untrusted:
            return "see the host's name, this machine's date and its authorities "
                   "(ca-certificates)";
        case Errc::unauthorized:
            return "give the key that the endpoint's provider asks for, in "
                   "subtensor.chain_endpoint, or name another endpoint";
        case Errc::throttled:
            return "name an endpoint that may be asked more often, or one with a key of your own";
        case Errc::redirected:
            return "name the address that it leads to, with ws:// or wss://";
        case Errc::not_websocket:
            return "see host, port and path: a node is asked over WebSocket, behind TLS with "
                   "wss://";
        case Errc::bad_status:
            return "see the path; where it is the server's fault (5xx), name another endpoint";
        case Errc::wrong_chain:
            return "see subtensor.network and subtensor.genesis, or name a node of that chain";
        case Errc::stale_node:
            return "wait until the node has caught up, or name another one";
        case Errc::node_error:
        case Errc::not_in_runtime:
        case Errc::malformed:
        case Errc::body_too_large:
            return "name a node of the chain: subtensor.chain_endpoint";
        case Errc::read_timeout:
        case Errc::write_timeout:
            return "name a node that answers sooner: subtensor.chain_endpoint";
        default:
            return "name another node: subtensor.chain_endpoint";
    }
}

Result<Endpoint> parse_endpoint(std::string_view url) {
    const auto refuse = [&](std::string_view why) {
        return fail(Errc::malformed, "'" + config::veiled(url) + "': " + std::string(why) +
                                         ", as in wss://host:443");
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
    rest = rest.substr(0, rest.find('#'));
    if (const auto end = rest.find_first_of("/?"); end != rest.npos) {
        endpoint.target = rest[end] == '/' ? "" : "/";
        endpoint.target += rest.substr(end);
        rest = rest.substr(0, end);
    }
    if (!is_visible(endpoint.target)) return refuse("blanks or control characters in its path");
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        endpoint.user = decoded(rest.substr(0, at));
        rest.remove_prefix(at + 1);
    }
    const auto named = parse_host(rest);
    if (!named) return refuse("no host, or behind it no port from 1 to 65535");
    endpoint.host = named->host;
    endpoint.port = named->port != 0 ? named->port : endpoint.tls ? 443 : 80;
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
