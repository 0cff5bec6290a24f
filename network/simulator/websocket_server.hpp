// The other end of a WebSocket, without TLS: for local nodes and tests. Lives on one io_context,
// whose single thread makes all calls into it and out of it.
#pragma once

#include "config/result.hpp"
#include "network/http/websocket.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace network {

class WebSocketServer {
public:
    // Talks with one client until it has nothing more to say; then the connection is closed.
    using Session = std::function<boost::asio::awaitable<void>(WebSocket&)>;

    // Listens at once; `host` is an IP literal, port 0 any free one. Fails with malformed (host)
    // and the system's errors (port taken).
    static config::Result<std::unique_ptr<WebSocketServer>> listen(boost::asio::io_context& io,
                                                                   const std::string& host,
                                                                   std::uint16_t port,
                                                                   Session session,
                                                                   WebSocketLimits limits);

    std::uint16_t port() const { return port_; }

    // Serves until stop(); then closes every connection and returns when all have ended.
    boost::asio::awaitable<void> run();
    void stop();
    void close_all();  // connections; new ones are welcome

private:
    WebSocketServer(boost::asio::ip::tcp::acceptor acceptor, Session session,
                    WebSocketLimits limits);

    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

    Session session_;
    WebSocketLimits limits_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer all_ended_;  // never expires; cancelled when the last session ends
    std::list<WebSocket*> open_;
    int sessions_ = 0;
    std::uint16_t port_;
    bool stopping_ = false;
};

}  // namespace network
