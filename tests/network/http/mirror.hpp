// A server that says what it understood, and requests to it.
#pragma once

#include "tests/network/http/served.hpp"
#include "tests/support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace tests {

inline constexpr network::HttpServer::Limits kPatient{.header_bytes = 2048,
                                                      .body_bytes = 1000,
                                                      .idle = std::chrono::hours(1),
                                                      .read = std::chrono::hours(1),
                                                      .write = std::chrono::hours(1)};

// Says what it understood: method, target, Host and body; and the value of X if there is one.
inline network::ServerReply mirror(const network::ServerRequest& request) {
    const auto header = [&](const char* name) {
        return std::string(network::find_header(request.headers, name).value_or("-"));
    };
    return {200,
            {},
            request.method + " " + request.target + " at " + header("host") + ": " + request.body +
                " x=" + header("x")};
}

struct Exchange {
    std::string said;
    std::string answered;  // status, or status and body
};

// "200 GET / at x: ..." of the first answer.
inline std::string first_answer(const std::string& text) {
    if (text.empty()) return "nothing";
    const auto begin = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/1.1 ") || begin == text.npos) return text;
    return text.substr(9, 3) + " " + text.substr(begin + 4);
}

inline void check(const std::vector<Exchange>& exchanges) {
    Served served(mirror, kPatient);
    for (const auto& [said, answered] : exchanges) {
        INFO(said.substr(0, 300));
        const auto answer = first_answer(say(served.port(), said));
        INFO(answer);
        CHECK(answer.starts_with(answered));
    }
}

// A request of which all is well but for what is given; the connection ends after it.
inline std::string with_line(const std::string& line) {
    return "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + line + "\r\n\r\n";
}
inline std::string with_host(const std::string& lines) {
    return "GET / HTTP/1.1\r\nConnection: close\r\n" + lines + "\r\n";
}
inline std::string with_start(const std::string& line) {
    return line + "\r\nHost: h\r\nConnection: close\r\n\r\n";
}
inline std::string with_body(const std::string& framing, const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + framing + "\r\n\r\n" + body;
}

}  // namespace tests
