// Reads one request off a connection. Private to http/ and simulator/.
#pragma once

#include "network/http/reply.hpp"
#include "network/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace network {

// What a buffer holds beyond a header, of what comes behind it.
inline constexpr std::size_t kReadAheadBytes = 64 << 10;

struct Received {
    ServerRequest request;
    bool ended = false;                  // the connection is gone or silent: it ends without a word
    std::optional<ServerReply> refused;  // said in place of an answer; then the connection ends
    bool keep_alive = false;
    bool knows_chunks = false;  // the sender is of HTTP/1.1
};

// `waits` becomes false when the header is whole. Never throws for what the sender does.
boost::asio::awaitable<Received> receive(boost::asio::ip::tcp::socket& socket,
                                         boost::beast::flat_buffer& buffer,
                                         const HttpServer::Limits& limits,
                                         const HttpServer::Screen& screen, bool& waits);

// How whoever sent this is answered, each write within `limit`.
Manner manner_of(const Received& received, std::chrono::milliseconds limit);

}  // namespace network
