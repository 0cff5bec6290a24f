#include "network/simulator/faulty_server.hpp"

#include "network/http/accept.hpp"
#include "network/http/names.hpp"
#include "network/http/receive.hpp"
#include "network/http/reply.hpp"
#include "network/http/watched.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <stop_token>

namespace network {

using namespace names;

namespace {

std::string text_of(const ReplyMessage& message) {
    std::ostringstream stream;
    stream << message;
    return stream.str();
}

// Sends it in `pieces` parts with pauses between them.
asio::awaitable<void> send_slowly(tcp::socket& socket, std::string text, std::size_t pieces,
                                  milliseconds pause) {
    const auto step = std::max<std::size_t>(1, text.size() / std::max<std::size_t>(1, pieces));
    asio::steady_timer timer(socket.get_executor());
    for (std::size_t at = 0; at < text.size(); at += step) {
        const auto piece = asio::buffer(text.data() + at, std::min(step, text.size() - at));
        const auto [failed, bytes] = co_await asio::async_write(socket, piece, kTuple);
        if (failed) co_return;
        timer.expires_after(pause);
        const auto [cancelled] = co_await timer.async_wait(kTuple);
        if (cancelled) co_return;
    }
}

asio::awaitable<void> await_hang_up(tcp::socket& socket) {
    char byte = 0;
    const auto sink = asio::buffer(&byte, 1);
    for (bool there = true; there;) {
        const auto [error, bytes] = co_await socket.async_read_some(sink, kTuple);
        there = !error;
    }
}

}  // namespace

FaultyServer::FaultyServer(tcp::acceptor acceptor, Handler handler, Options options, Admit admit)
    : handler_(std::move(handler)),
      options_(options),
      admit_(std::move(admit)),
      acceptor_(std::move(acceptor)),
      all_ended_(acceptor_.get_executor(), asio::steady_timer::time_point::max()),
      port_(acceptor_.local_endpoint().port()) {}

Result<std::unique_ptr<FaultyServer>> FaultyServer::listen(asio::io_context& io,
                                                           const std::string& host,
                                                           std::uint16_t port, Handler handler,
                                                           Options options, Admit admit) {
    auto acceptor = listen_on(io, host, port);
    if (!acceptor) return acceptor.error();
    return std::unique_ptr<FaultyServer>(
        new FaultyServer(std::move(*acceptor), std::move(handler), options, std::move(admit)));
}

asio::awaitable<void> FaultyServer::run() {
    // Cancelled, it still has to wait for its connections.
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::function<void(tcp::socket)> taking = [this](tcp::socket socket) {
        take(std::move(socket));
    };
    co_await accept_all(acceptor_, taking);
    stop();
    for (auto& connection : open_) connection.emit(asio::cancellation_type::terminal);
    while (!open_.empty()) {
        const auto [woken] = co_await all_ended_.async_wait(kTuple);
        (void)woken;
    }
}

void FaultyServer::stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
}

void FaultyServer::take(tcp::socket socket) {
    if (open_.size() >= options_.limits.connections) return;
    const auto connection = open_.emplace(open_.end());
    asio::co_spawn(
        acceptor_.get_executor(), serve(std::move(socket)),
        asio::bind_cancellation_slot(connection->slot(), [this, connection](std::exception_ptr) {
            open_.erase(connection);
            if (open_.empty()) all_ended_.cancel();
        }));
}

asio::awaitable<void> FaultyServer::serve(tcp::socket socket) {
    bool admitted = true, waits = true;
    const HttpServer::Screen screen = [&](ServerRequest& request,
                                          std::int64_t&) -> std::optional<ServerReply> {
        admitted = !admit_ || admit_(request);
        if (admitted) return std::nullopt;
        return ServerReply{};  // not to be sent: it keeps the body from being read
    };
    boost::beast::flat_buffer buffer(options_.limits.header_bytes + kReadAheadBytes);
    for (bool open = true; open && !stopping_;) {
        auto received = co_await receive(socket, buffer, options_.limits, screen, waits);
        if (received.ended || !admitted) co_return;
        const auto manner = manner_of(received, options_.limits.write);
        if (received.refused) {
            auto refusal = std::move(*received.refused);
            co_await send_refusal(socket, std::move(refusal), manner);
            co_return;
        }
        auto request = std::move(received.request);
        open = co_await answer(socket, std::move(request), manner);
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

// As the next: false when the connection must be closed.
asio::awaitable<bool> FaultyServer::answer(tcp::socket& socket, ServerRequest request,
                                           Manner manner) {
    std::stop_source gone;
    request.gone = gone.get_token();
    auto work = handler_(std::move(request));
    auto made = co_await watched(socket, gone, std::move(work));
    if (gone.stop_requested()) co_return false;
    // The handler had to come to its end; what is sent has not.
    co_await asio::this_coro::throw_if_cancelled(true);
    Answer result;
    if (made.failure)
        result.reply = plain_reply(500, "Internal Server Error");
    else
        result = std::move(*made.value);
    co_return co_await deliver(socket, std::move(result), manner);
}

asio::awaitable<bool> FaultyServer::deliver(tcp::socket& socket, Answer answer, Manner manner) {
    auto message = message_of(std::move(answer.reply), manner.keep_alive);
    if (answer.delivery == Delivery::whole)
        co_return co_await send_whole(socket, std::move(message), manner);
    if (answer.delivery == Delivery::dripped) {
        auto text = text_of(message);
        co_await send_slowly(socket, std::move(text), options_.drip_pieces, options_.drip_pause);
    } else if (answer.delivery == Delivery::trickled) {
        auto text = text_of(message);
        const auto bytes = text.size();
        co_await send_slowly(socket, std::move(text), bytes, milliseconds(1000));
    } else if (answer.delivery == Delivery::cut) {
        auto text = text_of(message);
        text.resize(text.size() / 2);
        co_await send_slowly(socket, std::move(text), 1, milliseconds(0));
    } else if (answer.delivery == Delivery::never) {
        co_await await_hang_up(socket);
    }
    co_return false;
}

}  // namespace network
