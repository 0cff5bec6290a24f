// A WebSocket connection, with TLS or without: whole messages in and out. Lives on one executor; at
// most one read() and one write() at a time.
#pragma once

#include "config/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace network {

class Tls;

// Every phase has its own deadline.
struct WebSocketLimits {
    std::chrono::milliseconds resolve{5'000};
    std::chrono::milliseconds connect{5'000};     // shared by all addresses of the host
    std::chrono::milliseconds handshake{10'000};  // of TLS, and again of WebSocket
    std::chrono::milliseconds write{10'000};
    // A peer that says nothing is pinged after half of this and given up after all of it.
    std::chrono::milliseconds silence{30'000};
    std::size_t message_bytes = 64 << 20;  // more is refused as soon as it is announced
};

class WebSocket {
public:
    // Closes the connection. read() and write() must have ended.
    virtual ~WebSocket() = default;

    // The next message. Fails with closed, read_timeout (silence), body_too_large, malformed (not
    // WebSocket; a message in thousands of small pieces; pings without end), cancelled, io.
    virtual boost::asio::awaitable<config::Result<std::string>> read() = 0;
    // Fails with write_timeout, closed, cancelled, io. A failure closes the connection.
    virtual boost::asio::awaitable<config::Result<void>> write(std::string message) = 0;
    // At once, without ceremony; read() and write() end with a failure.
    virtual void close() = 0;
};

struct WebSocketAddress {
    std::string host;  // name, IPv4 or IPv6 without brackets
    std::uint16_t port = 0;
    std::string target = "/";
    std::shared_ptr<const Tls> tls = nullptr;  // whom to trust; empty: no TLS
    std::string authorization = {};            // that header; empty: none
};

// Fails as connect() and shake_hands() do (network/http/connect.hpp); by what the peer answers in
// place of 101: unauthorized (401, 402, 403, 407), throttled (429), redirected (3xx), not_websocket
// (2xx), bad_status (any other), the detail ending as status_words() has it (network/http/
// status_words.hpp); and with not_websocket when it speaks another protocol. The detail begins with
// host:port.
boost::asio::awaitable<config::Result<std::unique_ptr<WebSocket>>> open_websocket(
    WebSocketAddress address, WebSocketLimits limits);

}  // namespace network
