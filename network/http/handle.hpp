// Runs the handler for a request and sends what it makes. Private to http/.
#pragma once

#include "network/http/reply.hpp"
#include "network/http/server.hpp"

namespace network {

// Awaits the handler to its end, whoever hangs up or is cancelled meanwhile: `gone` of the request
// tells it. False when the connection must be closed.
boost::asio::awaitable<bool> handle(boost::asio::ip::tcp::socket& socket,
                                    const HttpServer::Handler& handler, ServerRequest request,
                                    Manner manner);

}  // namespace network
