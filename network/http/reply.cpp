#include "network/http/reply.hpp"

#include "config/unix_time.hpp"
#include "network/http/date.hpp"
#include "network/http/names.hpp"
#include "network/http/timeout.hpp"

#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <vector>

namespace network {

using namespace names;

namespace {

constexpr std::size_t kLingerPieceBytes = 64 << 10;
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr auto kLingerTime = std::chrono::milliseconds(500);

// Closed with the rest of a request unread, the kernel would reset the connection, and the sender
// might never see why it was refused.
asio::awaitable<void> linger(tcp::socket& socket) {
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    const auto drain = [](tcp::socket& from) -> asio::awaitable<bool> {
        std::vector<char> bytes(kLingerPieceBytes);
        for (std::size_t left = kLingerBytes; left > 0;) {
            const auto [error, got] = co_await from.async_read_some(asio::buffer(bytes), kTuple);
            if (error) co_return true;
            left -= std::min(left, got);
        }
        co_return false;
    };
    co_await with_timeout(drain(socket), kLingerTime);
}

std::int64_t now() { return config::unix_ms() / 1000; }

}  // namespace

ReplyMessage message_of(ServerReply reply, bool keep_alive) {
    ReplyMessage message;
    message.version(11);
    message.result(reply.status);
    for (auto& [name, value] : reply.headers) message.insert(name, value);
    add_date(message);
    message.keep_alive(keep_alive);
    // RFC 9110, 8.6 and 15.4.5: neither has a body, nor a length of our own making.
    if (reply.status == 204 || reply.status == 304) return message;
    message.body() = std::move(reply.body);
    message.prepare_payload();
    return message;
}

void add_date(http::fields& fields) {
    if (fields.count(http::field::date) == 0) fields.set(http::field::date, http_date(now()));
}

asio::awaitable<bool> send_whole(tcp::socket& socket, ReplyMessage message, Manner manner) {
    if (manner.head) message.body().clear();  // the length stays announced
    const auto sent =
        co_await with_timeout(http::async_write(socket, message, kTuple), manner.limit);
    co_return sent && !std::get<0>(*sent) && message.keep_alive();
}

asio::awaitable<void> send_refusal(tcp::socket& socket, ServerReply refusal, Manner manner) {
    auto message = message_of(std::move(refusal), false);
    co_await send_whole(socket, std::move(message), manner);
    co_await linger(socket);
}

}  // namespace network
