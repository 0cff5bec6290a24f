// A small HTTP/1.1 server. Lives on one io_context, whose single thread makes all calls into it and
// out of it.
#pragma once

#include "config/result.hpp"
#include "network/http/message.hpp"

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

class HttpServer {
public:
    struct Limits {
        std::size_t header_bytes = 64 << 10;   // over it: 431
        std::int64_t body_bytes = 64LL << 20;  // over it: 413, nothing of the body is kept
        std::size_t connections = 64;          // more are closed at once
        bool says_busy = false;                // or told 503 first
        // Before that, the one that has owed us a whole header for longest gives way: many who say
        // nothing then keep nobody out.
        bool makes_room = false;
        std::chrono::milliseconds idle{5'000};   // until a whole header has come
        std::chrono::milliseconds read{30'000};  // for the body behind it
        std::chrono::milliseconds write{30'000};
    };

    // Where a body of unknown length goes, piece by piece.
    class Writer {
    public:
        virtual ~Writer() = default;
        // False: the client is gone, or has not taken it within Limits::write; write no more.
        virtual boost::asio::awaitable<bool> write(std::string piece) = 0;
    };
    struct Reply {
        ServerReply reply;
        // Not empty: makes the body in place of reply.body, which follows in chunks, until it
        // returns; must do so soon after `gone` of its request fires.
        std::function<boost::asio::awaitable<void>(Writer&)> body = {};
        std::shared_ptr<void> hold = {};  // let go of when all has been sent, or given up
    };
    // Answers a whole request. May take its time; `gone` of the request tells that nobody waits any
    // more, and it must then return soon. What it throws becomes a 500.
    using Handler = std::function<boost::asio::awaitable<Reply>(ServerRequest)>;
    // Sees the header alone, and may leave a mark on it: a reply is sent in place of the handler's,
    // with the body unread; else it may lower `body_bytes`, which begins as Limits have it. Empty:
    // all are handled.
    using Screen =
        std::function<std::optional<ServerReply>(ServerRequest&, std::int64_t& body_bytes)>;

    // Listens at once; `host` is an IP literal, port 0 any free one. Fails with malformed (host)
    // and the system's errors: address_in_use, address_not_available (this machine has none such),
    // ...
    static config::Result<std::unique_ptr<HttpServer>> listen(boost::asio::io_context& io,
                                                              const std::string& host,
                                                              std::uint16_t port, Handler handler,
                                                              Limits limits, Screen screen = {});

    std::uint16_t port() const { return port_; }

    // Serves until stop() or cancellation; then closes every connection and returns when all have
    // ended.
    boost::asio::awaitable<void> run();
    void stop();

private:
    HttpServer(boost::asio::ip::tcp::acceptor acceptor, Handler handler, Limits limits,
               Screen screen);

    struct Connection {
        boost::asio::cancellation_signal signal;
        bool waits = true;  // for a header
        bool leaves = false;
    };
    using Place = std::list<Connection>::iterator;

    void take(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Place place);
    bool make_room();

    Handler handler_;
    Limits limits_;
    Screen screen_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer all_ended_;  // never expires; cancelled when the last connection ends
    std::list<Connection> open_;           // those that wait in the order in which they began to
    std::uint16_t port_;
    bool stopping_ = false;
};

}  // namespace network
