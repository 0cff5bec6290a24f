#include "network/http/websocket.hpp"

#include "network/errc.hpp"
#include "network/http/timeout.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <future>
#include <optional>

using network::Errc;
using tests::LoopbackPeer;

namespace {

using Opened = config::Result<std::unique_ptr<network::WebSocket>>;

boost::asio::awaitable<Opened> opened_at(std::uint16_t port) {
    network::WebSocketLimits limits;
    limits.connect = limits.handshake = std::chrono::hours(1);
    return network::open_websocket({.host = "127.0.0.1", .port = port, .target = "/"}, limits);
}

Opened open_at(std::uint16_t port) { return tests::run(opened_at(port)); }

boost::asio::awaitable<config::Result<std::string>> first_message(std::uint16_t port) {
    auto socket = co_await opened_at(port);
    co_return co_await socket.value()->read();
}

// What is said of a peer that answers the handshake like this, without host and port.
std::string refusal_by(const std::string& answer, Errc code = Errc::bad_status) {
    LoopbackPeer peer(tests::answering(answer));
    const auto socket = open_at(peer.port());
    REQUIRE_FALSE(socket.has_value());
    INFO(socket.error().message());
    CHECK(socket.error().code == code);
    const auto where = "127.0.0.1:" + std::to_string(peer.port()) + ": ";
    REQUIRE(socket.error().detail.starts_with(where));
    return socket.error().detail.substr(where.size());
}

// The first message of a peer that sends these bytes once the WebSocket is open.
config::Result<std::string> read_of(const std::string& bytes) {
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        boost::beast::websocket::stream<LoopbackPeer::Socket&> stream(socket);
        stream.accept();
        tests::send(socket, bytes);
        tests::await_hang_up(socket);
    });
    return tests::run(first_message(peer.port()));
}

// RFC 6455, 5.2: frames without a mask.
constexpr char kBegins = '\x01', kGoesOn = '\x00', kLast = '\x80', kPong = '\x8a';
std::string frame(char kind, const std::string& payload) {
    return std::string{kind, char(payload.size())} + payload;
}
std::string repeated(const std::string& piece, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += piece;
    return all;
}

}  // namespace

TEST_CASE("a server that declines to speak WebSocket is quoted with its status") {
    const std::string end = "Content-Length: 0\r\n\r\n";
    CHECK(refusal_by("HTTP/1.1 401 Unauthorized\r\n" + end, Errc::unauthorized) ==
          "HTTP 401 Unauthorized");
    CHECK(refusal_by("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Errc::not_websocket) ==
          "HTTP 200 OK");
    CHECK(refusal_by("HTTP/1.1 799 \xff\xfe\r\n" + end) == "HTTP 799");
}

TEST_CASE("when to come back to a server that declines is said, if it makes sense") {
    const auto after = [](const std::string& value) {
        return refusal_by("HTTP/1.1 503 Busy\r\nRetry-After: " + value +
                          "\r\nContent-Length: 0\r\n\r\n");
    };
    CHECK(after("30") == "HTTP 503 Service Unavailable, retry after 30 s");
    CHECK(after("Fri, 31 Dec 1999 23:59:59 GMT") ==
          "HTTP 503 Service Unavailable, retry after Fri, 31 Dec 1999 23:59:59 GMT");
    for (const char* odd : {"", "-1", "soon", "99999999999999999999", "\xff\xfe GMT"})
        CHECK(after(odd) == "HTTP 503 Service Unavailable");
}

TEST_CASE("where a server sends us is said without what may hold a key") {
    const auto to = [](const std::string& location) {
        return refusal_by(
            "HTTP/1.1 301 Moved\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n",
            Errc::redirected);
    };
    const std::string moved = "HTTP 301 Moved Permanently, leads to ";
    CHECK(to("https://node.example/KEY?apikey=KEY") == moved + "https://node.example");
    CHECK(to("wss://me:KEY@node.example:444/") == moved + "wss://node.example:444");
    CHECK(to("//node.example/KEY") == moved + "//node.example");
    CHECK(to("/KEY") == moved + "another path of the same server");
    CHECK(to("http://a b/") == moved + "nowhere");
}

TEST_CASE("an upgrade to something else is no WebSocket") {
    CHECK(refusal_by("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                     "Upgrade: h2c\r\n\r\n",
                     Errc::not_websocket) != "");
}

TEST_CASE("the handshake asks for the host as HTTP has it") {
    std::string seen;
    std::uint16_t port = 0;
    {
        LoopbackPeer peer(
            [&](LoopbackPeer::Socket& socket) { seen = tests::read_request(socket); });
        port = peer.port();
        CHECK_FALSE(open_at(port).has_value());
    }  // and with it the thread that writes what it saw
    CHECK(seen.find("Host: 127.0.0.1:" + std::to_string(port) + "\r\n") != seen.npos);
}

TEST_CASE("a message in thousands of pieces of a byte is refused, one in a few thousand is not") {
    const auto said = [](int pieces) {
        return read_of(frame(kBegins, "x") + repeated(frame(kGoesOn, "x"), pieces) +
                       frame(kLast, "x"));
    };
    CHECK(said(3000).value() == std::string(3002, 'x'));
    CHECK(said(20'000).error().code == Errc::malformed);
}

TEST_CASE("a message of pieces that hold nothing is refused, a few of them are not") {
    const auto said = [](int pieces) {
        return read_of(frame(kBegins, "x") + repeated(frame(kGoesOn, ""), pieces) +
                       frame(kLast, "x"));
    };
    CHECK(said(1000).value() == "xx");
    CHECK(said(10'000'000).error().code == Errc::malformed);
}

TEST_CASE("a peer that answers pings of nobody without end is left") {
    const auto whole = frame(char(kBegins | kLast), "x");
    CHECK(read_of(repeated(frame(kPong, ""), 100) + whole).value() == "x");
    CHECK(read_of(repeated(frame(kPong, ""), 100'000) + whole).error().code == Errc::malformed);
}

TEST_CASE("a long message arrives whole, in a frame or in many") {
    std::string text;
    for (int i = 0; i < 600'000; ++i) text += char('a' + i % 26);
    const std::string head = {'\x81', '\x7f', 0, 0, 0, 0, 0, 9, 0x27, char(0xc0)};
    CHECK((read_of(head + text).value() == text));
    std::string pieces = frame(kBegins, "");
    for (std::size_t at = 0; at < text.size(); at += 125)
        pieces += frame(kGoesOn, text.substr(at, 125));
    CHECK((read_of(pieces + frame(kLast, "")).value() == text));
}

TEST_CASE("reading is given up at once, also while a pong waits behind what is being written") {
    std::promise<void> over;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        boost::beast::websocket::stream<LoopbackPeer::Socket&>(socket).accept();
        // Its message has begun, and the rest of it is never taken.
        std::string begun(1000, ' ');
        boost::asio::read(socket, boost::asio::buffer(begun));
        const std::string message_and_ping("\x81\x01m\x89\x00", 5);
        boost::asio::write(socket, boost::asio::buffer(message_and_ping));
        over.get_future().wait();
    });
    network::WebSocketLimits limits;
    limits.write = std::chrono::minutes(1);
    std::optional<config::Result<void>> written;
    const auto conversation = [&]() -> boost::asio::awaitable<bool> {
        const network::WebSocketAddress address{
            .host = "127.0.0.1", .port = peer.port(), .target = "/"};
        const auto socket = co_await network::open_websocket(address, limits);
        if (!socket) co_return false;
        auto writing = (*socket)->write(std::string(64 << 20, 'x'));
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::co_spawn(executor, std::move(writing),
                              [&](std::exception_ptr, config::Result<void> result) {
                                  written = std::move(result);
                                  over.set_value();
                              });
        const auto message = co_await (*socket)->read();
        const auto more =
            co_await network::with_timeout((*socket)->read(), std::chrono::milliseconds(50));
        while (!written) co_await boost::asio::post(executor, boost::asio::use_awaitable);
        co_return message.has_value() && !more;
    };
    CHECK(tests::run(conversation()));
    REQUIRE(written);
    REQUIRE_FALSE(written->has_value());
    // Its end is that of the connection, and not that nobody took it for so long.
    CHECK(written->error().code != Errc::write_timeout);
    CHECK(written->error().code != Errc::read_timeout);
}
