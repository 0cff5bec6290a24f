#include "network/http/websocket_server.hpp"

#include "network/http/client.hpp"
#include "network/http/websocket_stream.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using config::fail;
using config::Result;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kPauseWhenExhausted{100};

}  // namespace

WebSocketServer::WebSocketServer(asio::io_context& io, Session session, WebSocketLimits limits)
    : session_(std::move(session)),
      limits_(limits),
      acceptor_(io),
      all_ended_(io, asio::steady_timer::time_point::max()) {}

Result<std::unique_ptr<WebSocketServer>> WebSocketServer::listen(asio::io_context& io,
                                                                 const std::string& host,
                                                                 std::uint16_t port,
                                                                 Session session,
                                                                 WebSocketLimits limits) {
    const auto where = authority(host, port);
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return fail(Errc::malformed, where + ": an IP address is needed to listen on");
    std::unique_ptr<WebSocketServer> server(new WebSocketServer(io, std::move(session), limits));
    const tcp::endpoint endpoint(address, port);
    auto& acceptor = server->acceptor_;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) server->port_ = acceptor.local_endpoint(error).port();
    if (error) return fail(Errc::io, where + ": " + error.message());
    return server;
}

asio::awaitable<void> WebSocketServer::run() {
    // Cancelled, it still has to wait for its sessions.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    while (!stopping_) {
        auto [error, socket] = co_await acceptor_.async_accept(kTuple);
        if (stopping_ || error == asio::error::operation_aborted) break;
        if (error) {  // out of descriptors, or the peer is gone already
            asio::steady_timer timer(executor, kPauseWhenExhausted);
            co_await timer.async_wait(kTuple);
            continue;
        }
        ++sessions_;
        asio::co_spawn(executor, serve(std::move(socket)), [this](std::exception_ptr) {
            if (--sessions_ == 0) all_ended_.cancel();
        });
    }
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
