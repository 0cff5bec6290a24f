#include "miner/server/access.hpp"

#include "network/base64.hpp"
#include "network/http/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace miner {
namespace {

using network::ServerReply;
using network::ServerRequest;

ServerReply refusal(unsigned status, std::string words) {
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(words) + "\n"};
}

bool is_open(std::string_view path) {
    return path == "/health" || path == "/ready" || path == "/version";
}

// As long for a wrong text as for the right one.
bool same_secret(std::string_view given, std::string_view secret) {
    unsigned difference = given.size() != secret.size();
    for (std::size_t i = 0; i < secret.size(); ++i)
        difference |= unsigned(secret[i] ^ (i < given.size() ? given[i] : char(~secret[i])));
    return difference == 0;
}

bool names_loopback(std::string_view host) {
    const auto named = network::parse_host(host);
    if (!named) return false;
    if (named->host == "localhost") return true;
    boost::system::error_code not_literal;
    const auto address = boost::asio::ip::make_address(named->host, not_literal);
    return !not_literal && address.is_loopback();
}

// A page of another site may make a browser post; the browser then says whose page it was.
bool from_elsewhere(const ServerRequest& request) {
    const auto origins = network::count_headers(request.headers, "origin");
    if (origins == 0) return false;
    const auto origin = network::parse_http_url(*network::find_header(request.headers, "origin"));
    const auto host = network::parse_host(
        network::find_header(request.headers, "host").value_or(std::string_view()));
    if (origins > 1 || !origin || !host) return true;
    const std::uint16_t usual = origin->tls ? 443 : 80;
    return origin->host != host->host || origin->port != (host->port ? host->port : usual);
}

}  // namespace

bool ListenAddress::loopback() const {
    boost::system::error_code none;
    const auto address = boost::asio::ip::make_address(host, none);
    if (none) return false;
    return address.is_v6() && address.to_v6().is_v4_mapped()
               ? make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).is_loopback()
               : address.is_loopback();
}

ListenAddress parse_listen(std::string_view text) {
    ListenAddress address;
    const auto colon = text.rfind(':');
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host;
    if (colon != text.npos)
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
    return address;
}

bool Access::shows_token(const ServerRequest& request) const {
    const auto header = network::find_header(request.headers, "authorization");
    if (!header) return false;
    // RFC 9110, 11.1 and 11.4: the scheme in any letter case, then at least one blank.
    const auto scheme = header->substr(0, header->find(' '));
    auto given = header->substr(scheme.size());
    given.remove_prefix(std::min(given.find_first_not_of(' '), given.size()));
    if (network::same_header_name(scheme, "Bearer")) return same_secret(given, token_);
    if (!network::same_header_name(scheme, "Basic") || header->size() > 1000) return false;
    const auto pair = network::base64_decode(given);
    if (!pair) return false;
    const std::string text(pair->begin(), pair->end());
    const auto colon = text.find(':');
    return colon != text.npos && same_secret(std::string_view(text).substr(colon + 1), token_);
}

std::optional<ServerReply> Access::refuse(const ServerRequest& request,
                                          std::string_view path) const {
    if (is_open(path)) return std::nullopt;
    if (!token_.empty()) {
        if (!shows_token(request)) {
            auto reply = refusal(401, signing_ ? "show http.token, or sign the request (btauth/1)"
                                               : "show http.token: as a bearer token, or as the "
                                                 "password");
            reply.headers.emplace_back("www-authenticate", "Basic realm=\"miner\"");
            return reply;
        }
    } else if (signing_) {
        return refusal(401, "sign the request (btauth/1)");
    } else if (!loopback_) {
        if (path != "/generate")
            return refusal(403, "set http.token to be answered this from another machine");
    } else {
        // Else a page elsewhere could give its own name our address and read us through a browser.
        const auto host = network::find_header(request.headers, "host");
        if (host && !names_loopback(*host))
            return refusal(403, "without http.token only localhost is answered");
    }
    if (request.method == "POST" && from_elsewhere(request))
        return refusal(403, "posted from another site's page");
    return std::nullopt;
}

}  // namespace miner
