#include "network/http/server.hpp"

#include "network/http/accept.hpp"
#include "network/http/handle.hpp"
#include "network/http/names.hpp"
#include "network/http/receive.hpp"
#include "network/http/reply.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <string_view>

namespace network {

using namespace names;

namespace {

// A fresh connection takes this little without waiting.
void say_busy(tcp::socket& socket) {
    static constexpr std::string_view kBusy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kBusy), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

HttpServer::HttpServer(tcp::acceptor acceptor, Handler handler, Limits limits, Screen screen)
    : handler_(std::move(handler)),
      limits_(limits),
      screen_(std::move(screen)),
      acceptor_(std::move(acceptor)),
      all_ended_(acceptor_.get_executor(), asio::steady_timer::time_point::max()),
      port_(acceptor_.local_endpoint().port()) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::io_context& io,
                                                       const std::string& host, std::uint16_t port,
                                                       Handler handler, Limits limits,
                                                       Screen screen) {
    auto acceptor = listen_on(io, host, port);
    if (!acceptor) return acceptor.error();
    return std::unique_ptr<HttpServer>(
        new HttpServer(std::move(*acceptor), std::move(handler), limits, std::move(screen)));
}

asio::awaitable<void> HttpServer::run() {
    // Cancelled, it still has to wait for its connections.
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::function<void(tcp::socket)> taking = [this](tcp::socket socket) {
        take(std::move(socket));
    };
    co_await accept_all(acceptor_, taking);
    stop();
    for (auto& connection : open_) connection.signal.emit(asio::cancellation_type::terminal);
    while (!open_.empty()) co_await all_ended_.async_wait(kTuple);
}

void HttpServer::take(tcp::socket socket) {
    if (open_.size() >= limits_.connections && !(limits_.makes_room && make_room())) {
        if (limits_.says_busy) say_busy(socket);
        return;
    }
    const auto connection = open_.emplace(open_.end());
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket), connection),
                   asio::bind_cancellation_slot(connection->signal.slot(),
                                                [this, connection](std::exception_ptr) {
                                                    open_.erase(connection);
                                                    if (open_.empty()) all_ended_.cancel();
                                                }));
}

void HttpServer::stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
}

// False when all are being answered, or on their way out already.
bool HttpServer::make_room() {
    const auto oldest = std::find_if(open_.begin(), open_.end(), [](const Connection& connection) {
        return connection.waits && !connection.leaves;
    });
    if (oldest == open_.end()) return false;
    oldest->leaves = true;
    oldest->signal.emit(asio::cancellation_type::terminal);
    return true;
}

asio::awaitable<void> HttpServer::serve(tcp::socket socket, Place place) {
    boost::beast::flat_buffer buffer(limits_.header_bytes + kReadAheadBytes);
    for (bool open = true; open && !stopping_;) {
        place->waits = true;
        open_.splice(open_.end(), open_, place);
        auto received = co_await receive(socket, buffer, limits_, screen_, place->waits);
        // A cancellation that came together with the request is forgotten from here on.
        if (received.ended || stopping_) co_return;
        const auto manner = manner_of(received, limits_.write);
        if (received.refused) {
            auto refusal = std::move(*received.refused);
            co_await send_refusal(socket, std::move(refusal), manner);
            co_return;
        }
        auto request = std::move(received.request);
        open = co_await handle(socket, handler_, std::move(request), manner);
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace network
