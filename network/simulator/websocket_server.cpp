#include "network/simulator/websocket_server.hpp"

#include "network/http/accept.hpp"
#include "network/http/names.hpp"
#include "network/http/websocket_stream.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace network {

using namespace names;

WebSocketServer::WebSocketServer(tcp::acceptor acceptor, Session session, WebSocketLimits limits)
    : session_(std::move(session)),
      limits_(limits),
      acceptor_(std::move(acceptor)),
      all_ended_(acceptor_.get_executor(), asio::steady_timer::time_point::max()),
      port_(acceptor_.local_endpoint().port()) {}

Result<std::unique_ptr<WebSocketServer>> WebSocketServer::listen(asio::io_context& io,
                                                                 const std::string& host,
                                                                 std::uint16_t port,
                                                                 Session session,
                                                                 WebSocketLimits limits) {
    auto acceptor = listen_on(io, host, port);
    if (!acceptor) return acceptor.error();
    return std::unique_ptr<WebSocketServer>(
        new WebSocketServer(std::move(*acceptor), std::move(session), limits));
}

asio::awaitable<void> WebSocketServer::run() {
    // Cancelled, it still has to wait for its sessions.
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::function<void(tcp::socket)> taking = [this](tcp::socket socket) {
        ++sessions_;
        asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)),
                       [this](std::exception_ptr) {
                           if (--sessions_ == 0) all_ended_.cancel();
                       });
    };
    co_await accept_all(acceptor_, taking);
    stop();
    while (sessions_ > 0) co_await all_ended_.async_wait(kTuple);
}

void WebSocketServer::stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    close_all();
}

void WebSocketServer::close_all() {
    for (auto* socket : open_) socket->close();
}

asio::awaitable<void> WebSocketServer::serve(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    WebSocketStream<PlainLayer> stream(std::move(socket), "client", limits_);
    const auto place = open_.insert(open_.end(), &stream);
    struct Leave {
        std::list<WebSocket*>& open;
        std::list<WebSocket*>::iterator place;
        ~Leave() { open.erase(place); }
    } leave{open_, place};
    const auto [error] = co_await stream.stream().async_accept(kTuple);
    if (error || stopping_) co_return;
    co_await session_(stream);
}

}  // namespace network
