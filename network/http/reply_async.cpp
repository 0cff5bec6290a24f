#include "network/http/reply_async.hpp"

#include "network/http/names.hpp"
#include "network/http/reply.hpp"
#include "network/http/timeout.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/socket.h>

namespace network {

using namespace names;

namespace {

// Whether the other end has closed; what it may have sent stays to be read.
bool hung_up(tcp::socket& socket) {
    char byte;
    const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

// Runs `work` to its end on this executor; meanwhile a hang-up or a cancellation fires `gone`.
template <class T>
asio::awaitable<detail::Settled<T>> watched(tcp::socket& socket, std::stop_source gone,
                                            asio::awaitable<T> work) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer ended(executor, asio::steady_timer::time_point::max());
    std::optional<detail::Settled<T>> settled;
    asio::co_spawn(executor, detail::settle(std::move(work)),
                   [&](std::exception_ptr, detail::Settled<T> result) {
                       settled = std::move(result);
                       ended.cancel();
                   });
    using namespace asio::experimental::awaitable_operators;
    bool cancelled = false;
    if (!settled) {
        const auto woken = co_await (socket.async_wait(tcp::socket::wait_read, kTuple) ||
                                     ended.async_wait(kTuple));
        cancelled = !settled && woken.index() == 0 && std::get<0>(std::get<0>(woken));
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (!settled &&
        (cancelled || state.cancelled() != asio::cancellation_type::none || hung_up(socket)))
        gone.request_stop();
    while (!settled) {
        co_await ended.async_wait(kTuple);
        const auto now = co_await asio::this_coro::cancellation_state;
        if (now.cancelled() != asio::cancellation_type::none) gone.request_stop();
    }
    co_return std::move(*settled);
}

class ChunkWriter final : public HttpServer::Writer {
public:
    ChunkWriter(tcp::socket& socket, std::chrono::milliseconds limit, std::stop_token gone)
        : socket_(socket), limit_(limit), gone_(std::move(gone)) {}

    asio::awaitable<bool> write(std::string piece) override {
        if (broken_ || gone_.stop_requested()) co_return false;
        if (piece.empty()) co_return true;  // an empty chunk would be the last
        const auto sent = co_await with_timeout(
            asio::async_write(socket_, http::make_chunk(asio::buffer(piece)), kTuple), limit_);
        broken_ = !sent || std::get<0>(*sent);
        co_return !broken_;
    }

    asio::awaitable<bool> finish() {
        if (broken_ || gone_.stop_requested()) co_return false;
        const auto sent = co_await with_timeout(
            asio::async_write(socket_, http::make_chunk_last(), kTuple), limit_);
        co_return sent && !std::get<0>(*sent);
    }

private:
    tcp::socket& socket_;
    std::chrono::milliseconds limit_;
    std::stop_token gone_;
    bool broken_ = false;
};

struct Nothing {};

asio::awaitable<Nothing> body_of(const HttpServer::AsyncReply& reply, HttpServer::Writer& writer) {
    co_await reply.body(writer);
    co_return Nothing{};
}

asio::awaitable<bool> stream(tcp::socket& socket, const HttpServer::AsyncReply& reply,
                             bool keep_alive, std::stop_source gone,
                             std::chrono::milliseconds limit) {
    http::response<http::empty_body> message;
    message.version(11);
    message.result(reply.reply.status);
    for (const auto& [name, value] : reply.reply.headers) message.insert(name, value);
    message.keep_alive(keep_alive);
    message.chunked(true);
    http::response_serializer<http::empty_body> serializer(message);
    const auto head =
        co_await with_timeout(http::async_write_header(socket, serializer, kTuple), limit);
    if (!head || std::get<0>(*head)) co_return false;
    ChunkWriter writer(socket, limit, gone.get_token());
    const auto done = co_await watched(socket, gone, body_of(reply, writer));
    if (done.failure) co_return false;
    co_return co_await writer.finish() && keep_alive;
}

}  // namespace

asio::awaitable<bool> reply_async(tcp::socket& socket, const HttpServer::AsyncHandler& handler,
                                  ServerRequest request, bool keep_alive,
                                  std::chrono::milliseconds write_limit) {
    std::stop_source gone;
    request.gone = gone.get_token();
    const bool head = request.method == "HEAD";
    auto made = co_await watched(socket, gone, handler(std::move(request)));
    if (gone.stop_requested()) co_return false;
    HttpServer::AsyncReply answer;
    if (made.failure)
        answer.reply = plain_reply(500, "Internal Server Error");
    else
        answer = std::move(*made.value);
    if (answer.body && !head)
        co_return co_await stream(socket, answer, keep_alive, gone, write_limit);
    co_return co_await send_whole(socket, message_of(std::move(answer.reply), keep_alive),
                                  write_limit, head);
}

}  // namespace network
