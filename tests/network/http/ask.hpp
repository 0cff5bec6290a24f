// A request of our client to a server on this machine, and how it failed.
#pragma once

#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "tests/network/loopback.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

namespace tests {

inline config::Result<network::HttpAnswer> ask(
    std::uint16_t port, std::string body = "x",
    std::chrono::milliseconds read = std::chrono::seconds(20)) {
    network::HttpRequest request;
    request.host = "127.0.0.1";
    request.port = port;
    request.body = std::move(body);
    network::HttpLimits limits;
    limits.write = std::chrono::seconds(20);
    limits.read = read;
    return run(network::request(std::move(request), limits));
}

inline network::Errc failure(const config::Result<network::HttpAnswer>& answer) {
    REQUIRE_FALSE(answer.has_value());
    return static_cast<network::Errc>(answer.error().code.value());
}

}  // namespace tests
