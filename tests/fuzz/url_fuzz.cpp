// Addresses of services and chain nodes, Host and Location headers, targets: what is understood is
// understood again from how it is written, and shows no secrets.
#include "miner/server/request.hpp"
#include "network/chain/endpoint.hpp"
#include "network/http/url.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    if (const auto url = network::parse_http_url(text)) {
        fuzz::require(!url->host.empty() && url->port != 0);
        const auto again = network::parse_http_url(network::to_text(*url));
        fuzz::require(again && again->same_origin(*url) && again->target == url->target);
        (void)network::shown(*url);
    }
    static const auto base = network::parse_http_url("https://host.example:8443/a/b?c=d").value();
    if (const auto there = network::redirected(base, text)) {
        fuzz::require(there->tls && !there->host.empty());
        fuzz::require(there->target.starts_with('/'));
        fuzz::require(there->target.find_first_of("\r\n ") == std::string::npos);
    }
    if (const auto host = network::parse_host(text)) {
        const auto again = network::parse_host(network::authority(host->host, 1));
        fuzz::require(again && again->host == host->host);
    }
    if (const auto endpoint = network::parse_endpoint(text)) {
        const auto again = network::parse_endpoint(endpoint->url());
        fuzz::require(again && *again == *endpoint);
        const auto colon = endpoint->user.find(':');
        const auto password =
            colon == std::string::npos ? std::string() : endpoint->user.substr(colon + 1);
        // Shorter ones may be part of other words, and the host is no secret.
        if (password.size() > 40 && endpoint->host.find(password) == std::string::npos)
            fuzz::require(endpoint->shown().find(password) == std::string::npos);
    }
    // What a server is asked for.
    (void)miner::path_of(text);
    (void)miner::read_request("GET", text);
    return 0;
}
