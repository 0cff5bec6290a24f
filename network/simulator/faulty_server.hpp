// An HTTP/1.1 server whose answers go out as those of broken peers do, where its handler says so.
// It takes requests as HttpServer does. Lives on one io_context, whose single thread makes all
// calls into it and out of it.
#pragma once

#include "config/result.hpp"
#include "network/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace network {

struct Manner;

class FaultyServer {
public:
    enum class Delivery {
        whole,
        dripped,   // in small pieces with pauses
        trickled,  // a byte each second
        cut,       // the connection is closed in the middle
        never,     // the connection stays open and silent until the client gives up
        none,      // the connection is closed at once
    };
    struct Answer {
        ServerReply reply;
        Delivery delivery = Delivery::whole;
    };

    struct Options {
        // Of HttpServer: who comes beyond the connections is closed at once, whatever else they
        // say of it.
        HttpServer::Limits limits = {};
        std::size_t drip_pieces = 32;  // of Delivery::dripped
        std::chrono::milliseconds drip_pause{10};
    };

    // Is awaited to its end, as HttpServer's; what it throws becomes a 500.
    using Handler = std::function<boost::asio::awaitable<Answer>(ServerRequest)>;
    // Sees the header alone, and may leave a mark on it; false closes the connection at once, body
    // unread. Empty: all are admitted.
    using Admit = std::function<bool(ServerRequest&)>;

    // Listens at once; `host` is an IP literal, port 0 any free one. Fails with malformed (host)
    // and the system's errors (port taken).
    static config::Result<std::unique_ptr<FaultyServer>> listen(boost::asio::io_context& io,
                                                                const std::string& host,
                                                                std::uint16_t port, Handler handler,
                                                                Options options, Admit admit = {});

    std::uint16_t port() const { return port_; }

    // Serves until stop() or cancellation; then closes every connection and returns when all have
    // ended.
    boost::asio::awaitable<void> run();
    void stop();

private:
    FaultyServer(boost::asio::ip::tcp::acceptor acceptor, Handler handler, Options options,
                 Admit admit);

    void take(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<bool> answer(boost::asio::ip::tcp::socket& socket, ServerRequest request,
                                        Manner manner);
    boost::asio::awaitable<bool> deliver(boost::asio::ip::tcp::socket& socket, Answer answer,
                                         Manner manner);

    Handler handler_;
    Options options_;
    Admit admit_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer all_ended_;  // never expires; cancelled when the last connection ends
    std::list<boost::asio::cancellation_signal> open_;
    std::uint16_t port_;
    bool stopping_ = false;
};

}  // namespace network
