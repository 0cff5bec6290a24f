// Runs an asynchronous handler for a request and sends what it makes. Private to http/.
#pragma once

#include "network/http/server.hpp"

namespace network {

// Awaits the handler to its end, whoever hangs up or is cancelled meanwhile: `gone` of the request
// tells it. False when the connection must be closed. `stopping` as the server has it.
boost::asio::awaitable<bool> reply_async(boost::asio::ip::tcp::socket& socket,
                                         const HttpServer::AsyncHandler& handler,
                                         ServerRequest request, bool keep_alive,
                                         std::chrono::milliseconds write_limit);

}  // namespace network
