// A WebSocket over any stream. Private to http/ and simulator/.
#pragma once

#include "config/escape.hpp"
#include "network/errc.hpp"
#include "network/http/connect.hpp"
#include "network/http/timeout.hpp"
#include "network/http/websocket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace network {

inline config::Error websocket_error(const boost::system::error_code& error,
                                     const std::string& where) {
    namespace websocket = boost::beast::websocket;
    if (error == boost::beast::error::timeout) return config::fail(Errc::read_timeout, where);
    if (error == websocket::error::closed) return config::fail(Errc::closed, where);
    if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow)
        return config::fail(Errc::body_too_large, where);
    if (error.category() == make_error_code(websocket::error::closed).category())
        return config::fail(Errc::malformed, where + ": " + error.message());
    return network_error(error, where);
}

// What WebSocket runs over. Types of our own, because Beast asks them how to end a connection that
// it gives up, as over a message that is too long: its own way waits for the peer to hang up.
struct PlainLayer : boost::asio::ip::tcp::socket {
    explicit PlainLayer(boost::asio::ip::tcp::socket socket)
        : boost::asio::ip::tcp::socket(std::move(socket)) {}
};

struct SocketOfTls {
    boost::asio::ip::tcp::socket socket;
};
struct TlsLayer : SocketOfTls, boost::asio::ssl::stream<boost::asio::ip::tcp::socket&> {
    TlsLayer(boost::asio::ip::tcp::socket open, boost::asio::ssl::context& context)
        : SocketOfTls{std::move(open)},
          boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>(socket, context) {}
};

template <class Handler>
void hang_up(boost::asio::ip::tcp::socket& socket, Handler&& handler) {
    boost::system::error_code ignored;
    socket.close(ignored);
    boost::asio::post(socket.get_executor(),
                      boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                       boost::system::error_code()));
}
template <class Handler>
void async_teardown(boost::beast::role_type, PlainLayer& layer, Handler&& handler) {
    hang_up(layer, std::forward<Handler>(handler));
}
template <class Handler>
void async_teardown(boost::beast::role_type, TlsLayer& layer, Handler&& handler) {
    hang_up(layer.socket, std::forward<Handler>(handler));
}

// `Layer` is one of these two.
template <class Layer>
class WebSocketStream final : public WebSocket {
public:
    template <class... Arguments>
    WebSocketStream(boost::asio::ip::tcp::socket socket, std::string where, WebSocketLimits limits,
                    Arguments&&... arguments)
        : where_(std::move(where)),
          limits_(limits),
          stream_(std::move(socket), std::forward<Arguments>(arguments)...),
          guard_(boost::beast::get_lowest_layer(stream_)) {
        boost::beast::websocket::stream_base::timeout timeout{limits.handshake, limits.silence,
                                                              true};
        stream_.set_option(timeout);
        stream_.read_message_max(limits.message_bytes);
        stream_.auto_fragment(false);
        stream_.text(true);
        stream_.control_callback([this](boost::beast::websocket::frame_type kind, auto) {
            // Each is answered within the reading of a message, which would never end.
            if (kind == boost::beast::websocket::frame_type::ping && ++pings_ > kMostPings) close();
        });
    }

    boost::asio::awaitable<config::Result<std::string>> read() override {
        boost::beast::flat_buffer buffer;
        pings_ = 0;
        const auto [error, bytes] =
            co_await stream_.async_read(buffer, boost::asio::as_tuple(boost::asio::use_awaitable));
        if (pings_ > kMostPings)
            co_return config::fail(Errc::malformed, where_ + ": one ping after the other");
        if (error) co_return websocket_error(error, where_ + closing_words(error));
        co_return boost::beast::buffers_to_string(buffer.data());
    }

    boost::asio::awaitable<config::Result<void>> write(std::string message) override {
        const auto written = co_await with_timeout(
            stream_.async_write(boost::asio::buffer(message),
                                boost::asio::as_tuple(boost::asio::use_awaitable)),
            limits_.write);
        if (!written) {
            close();
            co_return config::fail(Errc::write_timeout, where_);
        }
        if (const auto [error, bytes] = *written; error) {
            close();
            co_return websocket_error(error, where_);
        }
        co_return config::Result<void>();
    }

    void close() override {
        boost::system::error_code ignored;
        boost::beast::get_lowest_layer(stream_).close(ignored);
    }

    auto& stream() { return stream_; }
    const std::string& where() const { return where_; }

private:
    static constexpr int kMostPings = 1000;  // ahead of a message

    // What the peer said as it closed: a status (RFC 6455, 7.4) and words, "1008 no key".
    std::string closing_words(const boost::system::error_code& error) const {
        if (error != boost::beast::websocket::error::closed) return {};
        const auto& reason = stream_.reason();
        const std::string_view words(reason.reason.data(), reason.reason.size());
        return ": the peer closed, " + std::to_string(reason.code) + ' ' + config::printable(words);
    }

    std::string where_;
    WebSocketLimits limits_;
    int pings_ = 0;  // since the last message
    boost::beast::websocket::stream<Layer> stream_;
    ClosingGuard guard_;
};

}  // namespace network
