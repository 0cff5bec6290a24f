#include "network/http/websocket.hpp"

#include "network/http/client.hpp"
#include "network/http/headers.hpp"
#include "network/http/names.hpp"
#include "network/http/status_words.hpp"
#include "network/http/websocket_stream.hpp"
#include "network/tls.hpp"

namespace network {

using namespace names;

namespace {

using Opened = Result<std::unique_ptr<WebSocket>>;

Error declined(const boost::beast::websocket::response_type& answer, const std::string& where) {
    return fail(Errc::bad_status,
                where + ": " + status_words(answer.result_int(), headers_of(answer)));
}

template <class Layer>
asio::awaitable<Opened> upgrade(std::unique_ptr<WebSocketStream<Layer>> socket, std::string host,
                                std::string target) {
    boost::beast::websocket::response_type answer;
    const auto [error] = co_await socket->stream().async_handshake(answer, host, target, kTuple);
    if (error == boost::beast::websocket::error::upgrade_declined)
        co_return declined(answer, socket->where());
    if (error) co_return websocket_error(error, socket->where());
    co_return std::unique_ptr<WebSocket>(std::move(socket));
}

asio::awaitable<Opened> open(WebSocketAddress address, WebSocketLimits limits, std::string where) {
    const auto host = host_field(address.host, address.port, address.tls != nullptr);
    auto socket = co_await connect(address.host, address.port, limits.resolve, limits.connect);
    if (!socket) co_return socket.error();
    if (!address.tls) {
        auto stream =
            std::make_unique<WebSocketStream<PlainLayer>>(std::move(*socket), where, limits);
        co_return co_await upgrade(std::move(stream), host, address.target);
    }
    auto stream = std::make_unique<WebSocketStream<TlsLayer>>(std::move(*socket), where, limits,
                                                              address.tls->context());
    const auto shaken =
        co_await shake_hands(stream->stream().next_layer(), address.host, limits.handshake, where);
    if (!shaken) co_return shaken.error();
    co_return co_await upgrade(std::move(stream), host, address.target);
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
