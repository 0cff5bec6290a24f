// http:// and https:// addresses and what is in them. Pure.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace network {

struct HttpUrl {
    bool tls = false;
    std::string host;  // name in lower case, IPv4 or IPv6 without brackets
    std::uint16_t port = 0;
    std::string target = "/";  // path and query, escaped as they came

    bool same_origin(const HttpUrl& other) const {
        return tls == other.tls && host == other.host && port == other.port;
    }
};

// "host:port", IPv6 in brackets.
std::string authority(const std::string& host, std::uint16_t port);

// The same as the Host header has it: without a port that is the scheme's own, which servers that
// sign or compare it leave out.
std::string host_field(const std::string& host, std::uint16_t port, bool tls);

// Letters, digits, '-', '.' and '_', 253 at most: what a resolver may be asked for. A name with
// anything else, which %2F and %0A may bring into an address, is no host anywhere here.
bool is_host_name(std::string_view text);

// Fails with malformed: another scheme, user names, no host, a port that is none.
config::Result<HttpUrl> parse_http_url(std::string_view text);

// Where a Location header leads, seen from `base`. Fails with malformed, also for a step down from
// https to http.
config::Result<HttpUrl> redirected(const HttpUrl& base, std::string_view location);

std::string to_text(const HttpUrl& url);  // with its secrets
std::string shown(const HttpUrl& url);    // without them (config/veil.hpp)

// What a Host header names.
struct HostAndPort {
    std::string host;        // as in HttpUrl
    std::uint16_t port = 0;  // 0: not said, the scheme's own
};

// Nothing when it is no "host" or "host:port", IPv6 in brackets.
std::optional<HostAndPort> parse_host(std::string_view text);

}  // namespace network
