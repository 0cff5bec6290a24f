// What tests of HTTP share: a request to a peer on loopback, and the answer or failure.
#pragma once

#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace tests {

inline constexpr auto kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

inline network::HttpRequest to(std::uint16_t port, std::string body = "{}",
                               std::string host = "127.0.0.1") {
    network::HttpRequest request;
    request.host = std::move(host);
    request.port = port;
    request.target = "/PullTask";
    request.headers = {{"name", "PullTask"}};
    request.body = std::move(body);
    return request;
}

// Longer than a test may take: one that runs into a limit that it did not set fails by ctest's.
inline network::HttpLimits patient() {
    network::HttpLimits limits;
    limits.resolve = limits.connect = limits.write = limits.read = std::chrono::hours(1);
    return limits;
}

inline config::Result<network::HttpAnswer> ask(network::HttpRequest request,
                                               network::HttpLimits limits = patient()) {
    return run(network::request(std::move(request), limits));
}

inline config::Result<network::HttpAnswer> ask_one_that_says(
    const std::string& answer, network::HttpLimits limits = patient()) {
    LoopbackPeer peer(answering(answer));
    return ask(to(peer.port()), limits);
}

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
    INFO(answer.error().message());
    REQUIRE(answer.error().code.category() == network::error_category());
    return static_cast<network::Errc>(answer.error().code.value());
}

}  // namespace tests
