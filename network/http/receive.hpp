// Reads one request off a connection. Private to http/ and simulator/.
#pragma once

#include "network/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <optional>

namespace network {

struct Received {
    ServerRequest request;
    bool ended = false;  // the connection is gone, silent or not admitted: it ends without a word
    std::optional<ServerReply> refused;  // said in place of an answer; then the connection ends
    bool keep_alive = false;
    bool knows_chunks = false;  // the sender is of HTTP/1.1
};

// `waits` becomes false when the header is whole. Never throws for what the sender does.
boost::asio::awaitable<Received> receive(boost::asio::ip::tcp::socket& socket,
                                         boost::beast::flat_buffer& buffer,
                                         const HttpServer::Limits& limits,
                                         const HttpServer::Hooks& hooks, bool& waits);

}  // namespace network
