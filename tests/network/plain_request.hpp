// A request to this machine with nothing but a method and a target; the port is the caller's.
#pragma once

#include "network/http/message.hpp"

#include <string>

namespace tests {

inline network::HttpRequest plain_request(const std::string& method, const std::string& target) {
    network::HttpRequest request;
    request.host = "127.0.0.1";
    request.method = method;
    request.target = target;
    return request;
}

}  // namespace tests
