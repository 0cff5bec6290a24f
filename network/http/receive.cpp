#include "network/http/receive.hpp"

#include "network/http/head.hpp"
#include "network/http/headers.hpp"
#include "network/http/names.hpp"
#include "network/http/read_body.hpp"
#include "network/http/request_rules.hpp"
#include "network/http/timeout.hpp"

#include <boost/asio/write.hpp>

#include <string_view>

namespace network {

using namespace names;

namespace {

using Parser = http::request_parser<http::buffer_body>;

// What the sender of an unreadable request is told; nothing when there is nobody to tell.
std::optional<ServerReply> refusal(const error_code& error, std::string_view head = {}) {
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error.category() != make_error_code(http::error::end_of_stream).category())
        return std::nullopt;
    if (error == http::error::body_limit) return plain_reply(413, "Content Too Large");
    if (error == http::error::buffer_overflow) return plain_reply(414, "URI Too Long");
    if (error == http::error::header_limit)
        return plain_reply(431, "Request Header Fields Too Large");
    if (error == http::error::bad_version && is_of_later_version(head))
        return plain_reply(505, "HTTP Version Not Supported");
    return plain_reply(400, "Invalid HTTP request received.");
}

ServerReply too_slow() { return plain_reply(408, "Request Timeout"); }

void give_up(Received& received, const error_code& error, std::string_view head = {}) {
    received.refused = refusal(error, head);
    received.ended = !received.refused;
}

void name_sender(ServerRequest& request, const tcp::socket& socket) {
    error_code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    request.peer_ip = peer.address().to_string();
    request.peer_port = peer.port();
}

// False when there is nothing more to do than what `received` says.
asio::awaitable<bool> receive_head(tcp::socket& socket, boost::beast::flat_buffer& buffer,
                                   const HttpServer::Limits& limits, Parser& parser,
                                   Received& received) {
    auto head = co_await with_timeout(
        read_head(socket, buffer, limits.header_bytes, fault_in_start_of_request), limits.idle);
    if (!head) {
        // Who has said nothing is not owed an answer.
        if (buffer.size() > 0) received.refused = too_slow();
        received.ended = !received.refused;
        co_return false;
    }
    const auto text = tidied_request(std::move(head->text));
    const auto error = head->error ? head->error : parse_head(parser, text);
    if (error) {
        give_up(received, error, text);
        co_return false;
    }
    auto& request = received.request;
    request.method = std::string(parser.get().method_string());
    request.target = std::string(parser.get().target());
    request.headers = headers_of(parser.get());
    name_sender(request, socket);
    received.knows_chunks = parser.get().version() >= 11;
    received.keep_alive = received.knows_chunks && parser.keep_alive();
    received.refused = refuse_by_rule(request, parser.get().version());
    co_return !received.refused;
}

// Empty: the body has come.
asio::awaitable<std::optional<error_code>> receive_body(tcp::socket& socket,
                                                        boost::beast::flat_buffer& buffer,
                                                        Parser& parser, bool tell_to_go_on,
                                                        std::string& body) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (tell_to_go_on) {
        const auto [error, sent] =
            co_await asio::async_write(socket, asio::buffer(kContinue), kTuple);
        if (error) co_return error;
    }
    const auto error = co_await read_body(socket, buffer, parser, body);
    if (!error) co_return std::nullopt;
    // Here it is a line of a chunk, or the trailers, that has no end.
    co_return error == http::error::buffer_overflow ? http::error::bad_chunk : error;
}

}  // namespace

asio::awaitable<Received> receive(tcp::socket& socket, boost::beast::flat_buffer& buffer,
                                  const HttpServer::Limits& limits,
                                  const HttpServer::Screen& screen, bool& waits) {
    Received received;
    auto& request = received.request;
    Parser parser;
    parser.body_limit(static_cast<std::uint64_t>(limits.body_bytes));
    const bool whole = co_await receive_head(socket, buffer, limits, parser, received);
    waits = false;
    if (!whole) co_return received;
    auto body_bytes = limits.body_bytes;
    if (screen) received.refused = screen(request, body_bytes);
    if (received.refused) co_return received;
    const auto announced = parser.content_length();
    if (announced && *announced > static_cast<std::uint64_t>(body_bytes)) {
        give_up(received, http::error::body_limit);
        co_return received;
    }
    if (parser.is_done()) co_return received;
    parser.body_limit(static_cast<std::uint64_t>(body_bytes));

    // Who has begun to send the body does not wait.
    const bool tell_to_go_on =
        buffer.size() == 0 && waits_to_continue(request, parser.get().version());
    const auto failed = co_await with_timeout(
        receive_body(socket, buffer, parser, tell_to_go_on, request.body), limits.read);
    if (!failed)
        received.refused = too_slow();
    else if (*failed)
        give_up(received, **failed);
    co_return received;
}

Manner manner_of(const Received& received, std::chrono::milliseconds limit) {
    return {.keep_alive = received.keep_alive,
            .chunks = received.knows_chunks,
            .head = received.request.method == "HEAD",
            .limit = limit};
}

}  // namespace network
