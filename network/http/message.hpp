// HTTP/1.1 messages as plain values, for both ends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace network {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// Equal but for the letter case of ASCII.
inline bool same_header_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

// The first header of that name, in any letter case.
inline std::optional<std::string_view> find_header(const HttpHeaders& headers,
                                                   std::string_view name) {
    for (const auto& [key, value] : headers)
        if (same_header_name(key, name)) return value;
    return std::nullopt;
}

class Tls;

inline std::size_t count_headers(const HttpHeaders& headers, std::string_view name) {
    return std::size_t(std::count_if(headers.begin(), headers.end(), [&](const auto& header) {
        return same_header_name(header.first, name);
    }));
}

struct HttpRequest {
    std::string host;  // name, IPv4 or IPv6 without brackets
    std::uint16_t port = 0;
    std::string method = "POST";
    std::string target = "/";
    HttpHeaders headers;  // Host, Content-Length and Accept-Encoding are the client's own business
    std::string body;
    std::shared_ptr<const Tls> tls = nullptr;  // https with these authorities; null: http
};

struct HttpAnswer {
    unsigned status = 0;
    HttpHeaders headers;
    std::string body;
};

// What a server got, and from whom.
struct ServerRequest {
    std::string method;
    std::string target;
    HttpHeaders headers;
    std::string body;
    std::string peer_ip;
    std::uint16_t peer_port = 0;
    int mark = 0;  // set by who screens a request, read by the handler; the server does not look
    // Fires when the caller hangs up or the server stops.
    std::stop_token gone = {};
    std::shared_ptr<void> hold = {};  // set by who screens a request; let go of when it is handled
};

struct ServerReply {
    unsigned status = 200;
    HttpHeaders headers;
    std::string body;
};

}  // namespace network
