// A server on a thread of its own, and a client that says whatever it is told to.
#pragma once

#include "network/http/server.hpp"
#include "network/simulator/at_once.hpp"
#include "tests/network/loopback.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace tests {

// Whatever has run(), stop() and port().
template <class Server>
class OnThread {
public:
    // `open` makes it, of an io_context.
    template <class Open>
    explicit OnThread(Open open) : server_(open(io_)) {
        boost::asio::co_spawn(io_, server_->run(), boost::asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~OnThread() {
        boost::asio::post(io_, [this] { server_->stop(); });
        thread_.join();
    }
    std::uint16_t port() const { return server_->port(); }

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

class Served : public OnThread<network::HttpServer> {
public:
    using Server = network::HttpServer;
    // Answers at once.
    using Function = std::function<network::ServerReply(const network::ServerRequest&)>;

    explicit Served(Function function, Server::Limits limits = {}, Server::Screen screen = {})
        : Served(network::at_once<Server::Reply>(std::move(function)), std::move(screen), limits) {}
    Served(Server::Handler handler, Server::Screen screen, Server::Limits limits = {})
        : OnThread([&](boost::asio::io_context& io) {
              return Server::listen(io, "127.0.0.1", 0, std::move(handler), limits,
                                    std::move(screen))
                  .value();
          }) {}
};

inline network::ServerReply echo(const network::ServerRequest& request) {
    return {200,
            {{"content-type", "text/plain"}},
            request.method + " " + request.target + " " + request.body};
}

// What the server says to these bytes until it closes.
inline std::string say(std::uint16_t port, std::string_view text) {
    boost::asio::io_context io;
    LoopbackPeer::Socket socket(io);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(text), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
}

// Waits until nobody wants the answer any more, then says so.
inline network::HttpServer::Handler waiting(std::atomic<int>& begun, std::atomic<int>& ended) {
    using Reply = network::HttpServer::Reply;
    return [&](network::ServerRequest request) -> boost::asio::awaitable<Reply> {
        ++begun;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        while (!request.gone.stop_requested()) {
            timer.expires_after(std::chrono::milliseconds(1));
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        ++ended;
        co_return Reply{};
    };
}

}  // namespace tests
