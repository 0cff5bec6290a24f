// A WebSocket over any stream. Private to http/ and simulator/.
#pragma once

#include "config/escape.hpp"
#include "network/errc.hpp"
#include "network/http/connect.hpp"
#include "network/http/timeout.hpp"
#include "network/http/websocket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
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

// Whether something comes too often: more than so many times in some ten seconds. A peer that has
// nothing to say for hours may still be pinged, and answer.
class Rate {
public:
    void restart() { count_ = 0; }
    bool exceeds(std::size_t most) {
        constexpr std::chrono::seconds kWindow{10};
        if (const auto now = std::chrono::steady_clock::now(); now - since_ > kWindow) {
            since_ = now;
            count_ = 0;
        }
        return ++count_ > most;
    }

private:
    std::chrono::steady_clock::time_point since_{};
    std::size_t count_ = 0;
};

// Counts how often the peer is read from. Beast passes over empty frames and control frames within
// one reading of its own, so whoever calls it could not count them.
class CountedReads {
public:
    void restart() { reads_.restart(); }
    void allow(std::size_t most) { most_ = most; }
    bool are_too_many() const { return too_many_; }

protected:
    // False: one too many.
    bool count_read() {
        too_many_ = too_many_ || reads_.exceeds(most_);
        return !too_many_;
    }

private:
    Rate reads_;
    std::size_t most_ = std::numeric_limits<std::size_t>::max();
    bool too_many_ = false;
};

// What WebSocket runs over. Types of our own, because Beast asks them how to end a connection that
// it gives up, as over a message that is too long: its own way waits for the peer to hang up.
struct PlainLayer : CountedReads, boost::asio::ip::tcp::socket {
    using Below = boost::asio::ip::tcp::socket;
    explicit PlainLayer(Below socket) : Below(std::move(socket)) {}

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        boost::system::error_code ignored;
        if (!count_read()) close(ignored);
        return Below::async_read_some(buffers, std::forward<Token>(token));
    }
};

struct SocketOfTls {
    boost::asio::ip::tcp::socket socket;
};
struct TlsLayer : CountedReads,
                  SocketOfTls,
                  boost::asio::ssl::stream<boost::asio::ip::tcp::socket&> {
    using Below = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;
    TlsLayer(boost::asio::ip::tcp::socket open, boost::asio::ssl::context& context)
        : SocketOfTls{std::move(open)}, Below(socket, context) {}

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        boost::system::error_code ignored;
        if (!count_read()) socket.close(ignored);
        return Below::async_read_some(buffers, std::forward<Token>(token));
    }
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
            // Each is dealt with in the reading of a message, which would never end.
            if (kind != boost::beast::websocket::frame_type::close && pings_.exceeds(kMostPings))
                pinged_out_ = true;
            if (pinged_out_) close();
        });
    }

    boost::asio::awaitable<config::Result<std::string>> read() override {
        std::string message;
        auto buffer = boost::asio::dynamic_buffer(message);
        pings_.restart();
        stream_.next_layer().restart();
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        const CloseWhenCancelled guard(*this, state.slot());
        std::size_t pieces = 0;
        do {
            const auto allowed = kFewPieces + buffer.size() / kSmallPiece;
            if (++pieces > allowed) co_return too_small_pieces();
            stream_.next_layer().allow(allowed + kMostPings);
            // Of what has come: memory is not for what is announced alone.
            const auto most = std::clamp(buffer.size(), kLeastRead, kMostRead);
            const auto [error, bytes] =
                co_await stream_.async_read_some(buffer, most, uncancelled());
            if (pinged_out_)
                co_return config::fail(Errc::malformed, where_ + ": one ping after the other");
            if (stream_.next_layer().are_too_many()) co_return too_small_pieces();
            if (error) co_return websocket_error(error, where_ + closing_words(error));
        } while (!stream_.is_message_done());
        message.resize(buffer.size());
        co_return std::move(message);
    }

    boost::asio::awaitable<config::Result<void>> write(std::string message) override {
        const auto error = co_await with_timeout(write_all(std::move(message)), limits_.write);
        if (!error) co_return config::fail(Errc::write_timeout, where_);
        if (*error) {
            close();
            co_return websocket_error(*error, where_);
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
    static constexpr std::size_t kMostPings = 1000;  // and pongs, ahead of a message or within it
    // A frame of a byte takes a hundred times what its byte does.
    static constexpr std::size_t kFewPieces = 4096, kSmallPiece = 512;
    // The buffer fills what it offers with zeros each time, and a segment of TCP brings few KiB.
    static constexpr std::size_t kLeastRead = 16 << 10, kMostRead = 64 << 10;

    config::Error too_small_pieces() {
        close();
        return config::fail(Errc::malformed, where_ + ": a message in thousands of small pieces");
    }

    // Beast's operations wait for one another, as the pong that reading has to send waits for the
    // message that is being written, and no cancellation reaches one that waits so. So they get
    // none, and the connection is closed in its place, which ends all of them.
    static auto uncancelled() {
        return boost::asio::bind_cancellation_slot(
            boost::asio::cancellation_slot(), boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    class CloseWhenCancelled {
    public:
        CloseWhenCancelled(WebSocketStream& socket, boost::asio::cancellation_slot slot)
            : slot_(slot) {
            if (slot_.is_connected())
                slot_.assign([&socket](boost::asio::cancellation_type) { socket.close(); });
        }
        ~CloseWhenCancelled() {
            if (slot_.is_connected()) slot_.clear();
        }
        CloseWhenCancelled(const CloseWhenCancelled&) = delete;
        CloseWhenCancelled& operator=(const CloseWhenCancelled&) = delete;

    private:
        boost::asio::cancellation_slot slot_;
    };

    boost::asio::awaitable<boost::system::error_code> write_all(std::string message) {
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        const CloseWhenCancelled guard(*this, state.slot());
        const auto [error, bytes] =
            co_await stream_.async_write(boost::asio::buffer(message), uncancelled());
        co_return error;
    }

    // What the peer said as it closed: a status (RFC 6455, 7.4) and words, "1008 no key".
    std::string closing_words(const boost::system::error_code& error) const {
        if (error != boost::beast::websocket::error::closed) return {};
        const auto& reason = stream_.reason();
        const std::string_view words(reason.reason.data(), reason.reason.size());
        return ": the peer closed, " + std::to_string(reason.code) + ' ' + config::printable(words);
    }

    std::string where_;
    WebSocketLimits limits_;
    Rate pings_;  // since the last message
    bool pinged_out_ = false;
    boost::beast::websocket::stream<Layer> stream_;
    ClosingGuard guard_;
};

}  // namespace network
