// Recorded HTTP messages, taken apart without the code under test.
#pragma once

#include "network/http/message.hpp"

#include <stdexcept>
#include <string>

namespace tests {

// A recorded request as a server hands it on, from a peer at 127.0.0.1:40000.
inline network::ServerRequest parse_request(const std::string& raw) {
    network::ServerRequest request;
    request.peer_ip = "127.0.0.1";
    request.peer_port = 40000;
    const auto end = raw.find("\r\n\r\n");
    if (end == raw.npos) throw std::invalid_argument("a recorded request without end of header");
    request.body = raw.substr(end + 4);
    auto at = raw.find("\r\n");
    const auto line = raw.substr(0, at);
    request.method = line.substr(0, line.find(' '));
    request.target = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    while (at < end) {
        const auto next = raw.find("\r\n", at + 2);
        const auto field = raw.substr(at + 2, next - at - 2);
        const auto colon = field.find(": ");
        request.headers.emplace_back(field.substr(0, colon), field.substr(colon + 2));
        at = next;
    }
    return request;
}

}  // namespace tests
