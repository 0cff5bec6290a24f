#include "network/http/request_rules.hpp"

#include "network/http/headers.hpp"
#include "network/http/reply.hpp"
#include "network/http/url.hpp"

#include <algorithm>

namespace network {
namespace {

constexpr auto kChunked = "chunked";

ServerReply bad_request(std::string words) { return plain_reply(400, std::move(words)); }

// RFC 9112, 3.2: exactly one line, of a form that is one; HTTP/1.0 had none.
std::optional<ServerReply> refuse_host(const HttpHeaders& headers, unsigned version) {
    const auto lines = count_headers(headers, "host");
    if (lines > 1) return bad_request("Several Host headers.");
    if (lines == 0 && version >= 11) return bad_request("No Host header.");
    const auto host = find_header(headers, "host");
    if (host && !host->empty() && !parse_host(*host)) return bad_request("Host is malformed.");
    return std::nullopt;
}

// RFC 9112, 6.1 and 6.3: where it is not certain how long a body is, what follows could be taken
// for another request.
std::optional<ServerReply> refuse_framing(const HttpHeaders& headers, unsigned version) {
    if (count_headers(headers, "transfer-encoding") == 0) return std::nullopt;
    if (version < 11) return bad_request("Transfer-Encoding in HTTP/1.0.");
    const auto codings = list_members(headers, "transfer-encoding");
    if (codings.empty() || !same_header_name(codings.back(), kChunked))
        return bad_request("The last transfer coding is not chunked.");
    const auto chunked = std::count_if(codings.begin(), codings.end(), [](std::string_view coding) {
        return same_header_name(coding, kChunked);
    });
    if (chunked > 1) return bad_request("Chunked twice.");
    if (codings.size() > 1) return plain_reply(501, "Only the transfer coding chunked is known.");
    return std::nullopt;
}

std::optional<ServerReply> refuse_target(ServerRequest& request) {
    if (request.method == "CONNECT") return plain_reply(501, "This is no proxy.");
    auto& target = request.target;
    if (std::any_of(target.begin(), target.end(),
                    [](char c) { return c <= ' ' || c > '~' || c == '#'; }))
        return bad_request("The request target is malformed.");
    if (target.starts_with('/')) return std::nullopt;
    if (target == "*" && request.method == "OPTIONS") return std::nullopt;
    const auto url = parse_http_url(target);
    if (!url) return bad_request("The request target is no path and no http address.");
    // "OPTIONS http://host" asks about the server as a whole, RFC 9112, 3.2.4.
    const bool whole = request.method == "OPTIONS" &&
                       target.find_first_of("/?", target.find("//") + 2) == target.npos;
    const auto host = host_field(url->host, url->port, url->tls);
    auto& headers = request.headers;
    const auto line = std::find_if(headers.begin(), headers.end(), [](const auto& header) {
        return same_header_name(header.first, "host");
    });
    if (line == headers.end())
        headers.emplace_back("Host", host);
    else
        line->second = host;
    target = whole ? "*" : url->target;
    return std::nullopt;
}

std::vector<std::string_view> expectations(const HttpHeaders& headers) {
    return list_members(headers, "expect");
}

bool is_continue(std::string_view expectation) {
    return same_header_name(expectation, "100-continue");
}

}  // namespace

std::optional<ServerReply> refuse_by_rule(ServerRequest& request, unsigned version) {
    if (auto refused = refuse_host(request.headers, version)) return refused;
    if (auto refused = refuse_framing(request.headers, version)) return refused;
    if (auto refused = refuse_target(request)) return refused;
    const auto expected = expectations(request.headers);
    if (version >= 11 && !std::all_of(expected.begin(), expected.end(), is_continue))
        return plain_reply(417, "Nothing but 100-continue can be expected.");
    return std::nullopt;
}

bool waits_to_continue(const ServerRequest& request, unsigned version) {
    const auto expected = expectations(request.headers);
    return version >= 11 && std::any_of(expected.begin(), expected.end(), is_continue);
}

bool is_of_later_version(std::string_view head) {
    auto line = head.substr(0, head.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto blank = line.rfind(' ');
    if (blank == line.npos) return false;
    const auto version = line.substr(blank + 1);
    return version.size() == 8 && version.starts_with("HTTP/") && version[5] >= '2' &&
           version[5] <= '9' && version[6] == '.' && version[7] >= '0' && version[7] <= '9';
}

}  // namespace network
