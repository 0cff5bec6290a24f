#include "network/http/websocket.hpp"

#include "network/http/headers.hpp"
#include "network/http/names.hpp"
#include "network/http/status_words.hpp"
#include "network/http/url.hpp"
#include "network/http/websocket_stream.hpp"
#include "network/tls.hpp"

namespace network {

using namespace names;

namespace {

namespace websocket = boost::beast::websocket;

using Opened = Result<std::unique_ptr<WebSocket>>;

Errc code_of(unsigned status) {
    if (status == 401 || status == 402 || status == 403 || status == 407) return Errc::unauthorized;
    if (status == 429) return Errc::throttled;
    if (status >= 300 && status < 400) return Errc::redirected;
    return status >= 400 ? Errc::bad_status : Errc::not_websocket;
}

// What the peer answered in place of a WebSocket. Its body is not repeated: it may quote our key.
Error declined(const websocket::response_type& answer, const std::string& where) {
    const auto status = answer.result_int();
    const auto words = where + ": " + status_words(status, headers_of(answer));
    // nginx's words to who speaks without TLS where it expects TLS.
    if (status == 400 && answer.body().find("HTTPS port") != std::string::npos)
        return fail(Errc::not_websocket, words + ": it expects TLS (wss://)");
    return fail(code_of(status), words);
}

// A peer that speaks another protocol breaks HTTP's or WebSocket's rules with its first words.
Error other_protocol(const error_code& error, const std::string& where) {
    auto failure = websocket_error(error, where);
    if (failure.code == Errc::malformed) failure.code = make_error_code(Errc::not_websocket);
    return failure;
}

template <class Layer>
asio::awaitable<Opened> upgrade(std::unique_ptr<WebSocketStream<Layer>> socket, std::string host,
                                std::string target, std::string authorization) {
    if (!authorization.empty())
        socket->stream().set_option(
            websocket::stream_base::decorator([authorization](websocket::request_type& request) {
                request.set(http::field::authorization, authorization);
            }));
    websocket::response_type answer;
    const auto [error] = co_await socket->stream().async_handshake(answer, host, target, kTuple);
    if (error == websocket::error::upgrade_declined) co_return declined(answer, socket->where());
    if (error) co_return other_protocol(error, socket->where());
    co_return std::unique_ptr<WebSocket>(std::move(socket));
}

asio::awaitable<Opened> open(WebSocketAddress address, WebSocketLimits limits, std::string where) {
    const auto host = host_field(address.host, address.port, address.tls != nullptr);
    auto socket = co_await connect(address.host, address.port, limits.resolve, limits.connect);
    if (!socket) co_return socket.error();
    if (!address.tls) {
        auto stream =
            std::make_unique<WebSocketStream<PlainLayer>>(std::move(*socket), where, limits);
        co_return co_await upgrade(std::move(stream), host, address.target, address.authorization);
    }
    auto stream = std::make_unique<WebSocketStream<TlsLayer>>(std::move(*socket), where, limits,
                                                              address.tls->context());
    const auto shaken =
        co_await shake_hands(stream->stream().next_layer(), address.host, limits.handshake, where);
    if (!shaken) co_return shaken.error();
    co_return co_await upgrade(std::move(stream), host, address.target, address.authorization);
}

}  // namespace

asio::awaitable<Opened> open_websocket(WebSocketAddress address, WebSocketLimits limits) {
    const auto where = authority(address.host, address.port);
    try {
        co_return co_await open(std::move(address), limits, where);
    } catch (const boost::system::system_error& thrown) {
        co_return network_error(thrown.code(), where);
    }
}

}  // namespace network
