#include "network/http/server.hpp"

#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "network/http/read_body.hpp"
#include "network/http/timeout.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <limits>
#include <sstream>

namespace network {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using config::fail;
using config::Result;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadAheadBytes = 64 << 10;
constexpr auto kPauseWhenExhausted = std::chrono::milliseconds(50);

using Message = http::response<http::string_body>;

Message message_of(ServerReply reply, bool keep_alive) {
    Message message;
    message.version(11);
    message.result(reply.status);
    for (auto& [name, value] : reply.headers) message.insert(name, value);
    message.body() = std::move(reply.body);
    message.keep_alive(keep_alive);
    message.prepare_payload();
    return message;
}

ServerReply plain(unsigned status, std::string text) {
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text), {}};
}

// What the sender of an unreadable request is told.
ServerReply refusal(const error_code& error) {
    if (error == http::error::body_limit) return plain(413, "Content Too Large");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return plain(431, "Request Header Fields Too Large");
    return plain(400, "Invalid HTTP request received.");
}

bool is_http_error(const error_code& error) {
    return error && error != http::error::end_of_stream && error != http::error::partial_message &&
           error.category() == make_error_code(http::error::end_of_stream).category();
}

asio::awaitable<bool> send_whole(tcp::socket& socket, Message message,
                                 std::chrono::milliseconds limit) {
    const auto sent = co_await with_timeout(http::async_write(socket, message, kTuple), limit);
    co_return sent && !std::get<0>(*sent) && message.keep_alive();
}

// Sends the first `bytes` of a message in `pieces` parts with pauses between them.
asio::awaitable<void> send_slowly(tcp::socket& socket, Message message, std::size_t pieces,
                                  std::chrono::milliseconds pause, double share) {
    std::ostringstream stream;
    stream << message;
    const auto text = stream.str();
    const auto end = static_cast<std::size_t>(static_cast<double>(text.size()) * share);
    const auto step = std::max<std::size_t>(1, end / std::max<std::size_t>(1, pieces));
    asio::steady_timer timer(socket.get_executor());
    for (std::size_t at = 0; at < end; at += step) {
        const auto [error, bytes] = co_await asio::async_write(
            socket, asio::buffer(text.data() + at, std::min(step, end - at)), kTuple);
        if (error) co_return;
        timer.expires_after(pause);
        co_await timer.async_wait(kTuple);
    }
}

asio::awaitable<void> await_hang_up(tcp::socket& socket) {
    for (char byte;;)
        if (const auto [error, bytes] =
                co_await socket.async_read_some(asio::buffer(&byte, 1), kTuple);
            error)
            co_return;
}

struct Received {
    ServerRequest request;
    error_code error;  // of the header or the body
    bool admitted = true;
    bool keep_alive = false;
};

asio::awaitable<Received> receive(tcp::socket& socket, boost::beast::flat_buffer& buffer,
                                  const HttpServer::Limits& limits,
                                  const HttpServer::Admit& admit) {
    Received received;
    http::request_parser<http::buffer_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max())));
    parser.body_limit(static_cast<std::uint64_t>(limits.body_bytes));
    const auto head =
        co_await with_timeout(http::async_read_header(socket, buffer, parser, kTuple), limits.idle);
    received.error = head ? std::get<0>(*head) : error_code(asio::error::timed_out);
    if (received.error) co_return received;

    auto& request = received.request;
    request.method = std::string(parser.get().method_string());
    request.target = std::string(parser.get().target());
    for (const auto& field : parser.get())
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    error_code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    request.peer_ip = peer.address().to_string();
    request.peer_port = peer.port();
    received.keep_alive = parser.get().keep_alive();
    if (parser.get().version() >= 11 && !find_header(request.headers, "host")) {
        received.error = http::error::bad_field;
        co_return received;
    }
    received.admitted = !admit || admit(request);
    if (!received.admitted) co_return received;

    const auto body =
        co_await with_timeout(read_body(socket, buffer, parser, request.body), limits.read);
    received.error = body ? *body : error_code(asio::error::timed_out);
    co_return received;
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, Handler handler, Limits limits, Admit admit)
    : handler_(std::move(handler)),
      limits_(limits),
      admit_(std::move(admit)),
      acceptor_(io),
      all_ended_(io, asio::steady_timer::time_point::max()) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::io_context& io,
                                                       const std::string& host, std::uint16_t port,
                                                       Handler handler, Limits limits,
                                                       Admit admit) {
    const auto where = authority(host, port);
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return fail(Errc::malformed, where + ": an IP address is needed to listen on");
    std::unique_ptr<HttpServer> server(
        new HttpServer(io, std::move(handler), limits, std::move(admit)));
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

asio::awaitable<void> HttpServer::run() {
    // Cancelled, it still has to wait for its connections.
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
        if (open_.size() >= limits_.connections) continue;
        const auto connection = open_.emplace(open_.end());
        asio::co_spawn(executor, serve(std::move(socket)),
                       asio::bind_cancellation_slot(connection->slot(),
                                                    [this, connection](std::exception_ptr) {
                                                        open_.erase(connection);
                                                        if (open_.empty()) all_ended_.cancel();
                                                    }));
    }
    stop();
    for (auto& connection : open_) connection.emit(asio::cancellation_type::terminal);
    while (!open_.empty()) co_await all_ended_.async_wait(kTuple);
}

void HttpServer::stop() {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
}

asio::awaitable<void> HttpServer::serve(tcp::socket socket) {
    boost::beast::flat_buffer buffer(limits_.header_bytes + kReadAheadBytes);
    for (bool open = true; open && !stopping_;) {
        auto received = co_await receive(socket, buffer, limits_, admit_);
        if (!received.admitted) co_return;
        if (is_http_error(received.error)) {
            co_await send_whole(socket, message_of(refusal(received.error), false), limits_.write);
            co_return;
        }
        if (received.error) co_return;

        ServerReply reply;
        try {
            reply = handler_(received.request);
        } catch (const std::exception&) {
            reply = plain(500, "Internal Server Error");
        }
        const auto delivery = reply.delivery;
        auto message = message_of(std::move(reply), received.keep_alive);
        open = false;
        if (delivery == Delivery::whole)
            open = co_await send_whole(socket, std::move(message), limits_.write);
        else if (delivery == Delivery::dripped)
            co_await send_slowly(socket, std::move(message), limits_.drip_pieces,
                                 limits_.drip_pause, 1.0);
        else if (delivery == Delivery::cut)
            co_await send_slowly(socket, std::move(message), 1, std::chrono::milliseconds(0), 0.5);
        else if (delivery == Delivery::never)
            co_await await_hang_up(socket);
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace network
