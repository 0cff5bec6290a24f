#include "network/http/handle.hpp"

#include "network/http/names.hpp"
#include "network/http/reply.hpp"
#include "network/http/timeout.hpp"
#include "network/http/watched.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

namespace network {

using namespace names;

namespace {

class ChunkWriter final : public HttpServer::Writer {
public:
    ChunkWriter(tcp::socket& socket, Manner manner, std::stop_token gone)
        : socket_(socket), manner_(manner), gone_(std::move(gone)) {}

    asio::awaitable<bool> write(std::string piece) override {
        if (broken_ || gone_.stop_requested()) co_return false;
        if (piece.empty()) co_return true;  // an empty chunk would be the last
        const auto sent = co_await with_timeout(send(asio::buffer(piece)), manner_.limit);
        broken_ = !sent || *sent;
        co_return !broken_;
    }

    asio::awaitable<bool> finish() {
        if (broken_ || gone_.stop_requested() || !manner_.chunks) co_return false;
        const auto sent = co_await with_timeout(
            asio::async_write(socket_, http::make_chunk_last(), kTuple), manner_.limit);
        co_return sent && !std::get<0>(*sent);
    }

private:
    asio::awaitable<error_code> send(asio::const_buffer piece) {
        if (manner_.chunks) {
            const auto [error, sent] =
                co_await asio::async_write(socket_, http::make_chunk(piece), kTuple);
            co_return error;
        }
        const auto [error, sent] = co_await asio::async_write(socket_, piece, kTuple);
        co_return error;
    }

    tcp::socket& socket_;
    Manner manner_;
    std::stop_token gone_;
    bool broken_ = false;
};

struct Nothing {};

asio::awaitable<Nothing> body_of(const HttpServer::Reply& reply, HttpServer::Writer& writer) {
    co_await reply.body(writer);
    co_return Nothing{};
}

asio::awaitable<bool> stream(tcp::socket& socket, const HttpServer::Reply& reply, Manner manner,
                             std::stop_source gone) {
    http::response<http::empty_body> message;
    message.version(11);
    message.result(reply.reply.status);
    for (const auto& [name, value] : reply.reply.headers) message.insert(name, value);
    add_date(message);
    message.keep_alive(manner.keep_alive && manner.chunks);
    message.chunked(manner.chunks);
    http::response_serializer<http::empty_body> serializer(message);
    const auto head =
        co_await with_timeout(http::async_write_header(socket, serializer, kTuple), manner.limit);
    if (!head || std::get<0>(*head)) co_return false;
    if (manner.head) co_return message.keep_alive();
    ChunkWriter writer(socket, manner, gone.get_token());
    auto work = body_of(reply, writer);
    const auto done = co_await watched(socket, gone, std::move(work));
    if (done.failure) co_return false;
    co_return co_await writer.finish() && manner.keep_alive;
}

}  // namespace

asio::awaitable<bool> handle(tcp::socket& socket, const HttpServer::Handler& handler,
                             ServerRequest request, Manner manner) {
    std::stop_source gone;
    request.gone = gone.get_token();
    auto work = handler(std::move(request));
    auto made = co_await watched(socket, gone, std::move(work));
    if (gone.stop_requested()) co_return false;
    HttpServer::Reply answer;
    if (made.failure)
        answer.reply = plain_reply(500, "Internal Server Error");
    else
        answer = std::move(*made.value);
    if (answer.body) co_return co_await stream(socket, answer, manner, gone);
    auto message = message_of(std::move(answer.reply), manner.keep_alive);
    co_return co_await send_whole(socket, std::move(message), manner);
}

}  // namespace network
