// The ways in which an endpoint of the chain refuses, each with its own name and remedy, and none
// with the key that it was asked with.
#include "network/chain/rpc.hpp"
#include "network/errc.hpp"
#include "network/tls.hpp"
#include "tests/network/certificate.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/stream.hpp>

using namespace network;
using namespace std::chrono_literals;
using tests::LoopbackPeer;

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

// What became of the first connection to it.
config::Error refused(Endpoint endpoint, std::shared_ptr<const Tls> tls = nullptr) {
    RpcOptions options;
    options.endpoints = {std::move(endpoint)};
    options.tls = std::move(tls);
    options.limits.socket.connect = options.limits.socket.handshake = 20s;
    options.limits.greeting = 20s;
    asio::io_context io{1};
    Rpc* running = nullptr;
    std::optional<config::Error> first;
    options.news = [&](const RpcNews& news) {
        if (!first) first = news.lost;
        running->stop();
    };
    Rpc rpc(io.get_executor(), std::move(options));
    running = &rpc;
    asio::co_spawn(io, rpc.run(), asio::detached);
    io.run();
    REQUIRE(first.has_value());
    return *first;
}

Endpoint endpoint_of(const LoopbackPeer& peer, std::string target = "/") {
    return {.tls = false, .host = "127.0.0.1", .port = peer.port(), .target = std::move(target)};
}

std::string answer(const std::string& status, const std::string& headers = {},
                   const std::string& body = {}) {
    return "HTTP/1.1 " + status + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("each status in place of a WebSocket has its name, its words and its remedy") {
    struct Case {
        std::string answer;
        Errc code;
        std::string words, remedy;
    };
    const std::string page = "<html><body>" + std::string(20'000, 'x') + "</body></html>";
    const std::vector<Case> cases{
        {answer("401 Unauthorized"), Errc::unauthorized, "401 Unauthorized", "key"},
        {answer("402 Payment Required"), Errc::unauthorized, "402", "key"},
        {answer("403 Forbidden", "Content-Type: text/html\r\n", page), Errc::unauthorized,
         "403 Forbidden", "key"},
        {answer("429 Too Many Requests", "Retry-After: 30\r\n"), Errc::throttled,
         "HTTP 429 Too Many Requests, retry after 30 s", "more often"},
        {answer("301 Moved Permanently", "Location: https://elsewhere/v3/s3cretKey\r\n"),
         Errc::redirected, "HTTP 301 Moved Permanently, leads to https://elsewhere",
         "address that it leads to"},
        {answer("307 Temporary Redirect"), Errc::redirected, "307", "address"},
        {answer("200 OK", "Content-Type: text/html\r\n", page), Errc::not_websocket, "200 OK",
         "WebSocket"},
        {answer("404 Not Found"), Errc::bad_status, "404 Not Found", "path"},
        {answer("500 Internal Server Error"), Errc::bad_status, "500", "another endpoint"},
        {answer("503 Service Unavailable"), Errc::bad_status, "503", "another endpoint"},
        {answer("400 Bad Request", {},
                "<title>400 The plain HTTP request was sent to HTTPS port</title>"),
         Errc::not_websocket, "it expects TLS (wss://)", "wss://"},
        {"SSH-2.0-OpenSSH_9.2\r\n", Errc::not_websocket, "", "port"},
        // An alert of TLS, after which its sender closes.
        {std::string("\x15\x03\x01\x00\x02\x02\x46", 7), Errc::closed, "", "wss://"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
         "Sec-WebSocket-Accept: rubbish\r\n\r\n",
         Errc::not_websocket, "", "WebSocket"},
    };
    for (const auto& expected : cases) {
        INFO(expected.answer.substr(0, 100));
        const LoopbackPeer peer(tests::answering(expected.answer));
        const auto failure = refused(endpoint_of(peer, "/v3/s3cretKey?apikey=s3cretKey"));
        INFO(failure.message());
        CHECK(failure.code == expected.code);
        CHECK(has(failure.detail, expected.words));
        CHECK(has(failure.detail, "ws://127.0.0.1:" + std::to_string(peer.port()) + "/v3/***"));
        CHECK_FALSE(has(failure.message(), "s3cret"));
        CHECK(has(remedy(failure), expected.remedy));
    }
}

TEST_CASE("what an endpoint's gateway refuses in JSON is named as if it came by HTTP") {
    struct Case {
        int number;
        Errc code;
    };
    for (const auto& [number, code] :
         {Case{429, Errc::throttled}, Case{-32005, Errc::throttled}, Case{401, Errc::unauthorized},
          Case{403, Errc::unauthorized}, Case{-32000, Errc::node_error}}) {
        tests::ScriptedNode node([number = number](const json::object& request) {
            return std::vector{tests::error_to(request, number, "no")};
        });
        INFO(number);
        CHECK(refused(node.endpoint()).code == code);
    }
}

TEST_CASE("a node of another kind of chain is named so") {
    tests::ScriptedNode node([](const json::object& request) {
        return std::vector{tests::error_to(request, -32601, "Method not found")};
    });
    const auto failure = refused(node.endpoint());
    CHECK(failure.code == Errc::wrong_chain);
    CHECK(has(remedy(failure), "subtensor.network"));
}

TEST_CASE("a peer that closes with a reason is quoted") {
    const LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
        boost::beast::websocket::stream<LoopbackPeer::Socket&> stream(socket);
        stream.accept();
        stream.close({boost::beast::websocket::close_code::policy_error, "no such\nkey"});
    });
    const auto failure = refused(endpoint_of(peer));
    CHECK(failure.code == Errc::closed);
    CHECK(has(failure.detail, "1008 no such\\nkey"));
}

TEST_CASE("TLS where none is spoken, and none where it is, are told apart from bad certificates") {
    namespace ssl = asio::ssl;
    const auto certificate = tests::Certificate::make("IP:127.0.0.1");
    const auto tls = Tls::trusting(certificate.pem).value();
    const auto asked_with_tls = [&](const LoopbackPeer& peer) {
        auto endpoint = endpoint_of(peer);
        endpoint.tls = true;
        return refused(endpoint, tls);
    };
    const LoopbackPeer plain([](LoopbackPeer::Socket& socket) {
        tests::send(socket, answer("400 Bad Request"));
        tests::await_hang_up(socket);
    });
    const auto no_tls = asked_with_tls(plain);
    INFO(no_tls.message());
    CHECK(no_tls.code == Errc::not_tls);
    CHECK(has(remedy(no_tls), "ws://"));

    auto context = tests::Certificate::make("IP:127.0.0.1").server();  // of nobody we trust
    const auto shaking = [&](LoopbackPeer::Socket& socket) {
        ssl::stream<LoopbackPeer::Socket&> stream(socket, context);
        boost::system::error_code ignored;
        stream.handshake(ssl::stream_base::server, ignored);
        tests::await_hang_up(socket);
    };
    const LoopbackPeer other(shaking);
    const auto untrusted = asked_with_tls(other);
    CHECK(untrusted.code == Errc::untrusted);
    CHECK(has(remedy(untrusted), "authorities"));

    const LoopbackPeer secured([&](LoopbackPeer::Socket& socket) {
        ssl::stream<LoopbackPeer::Socket&> stream(socket, context);
        boost::system::error_code ignored;
        stream.handshake(ssl::stream_base::server, ignored);  // sends its alert
    });
    const auto bare = refused(endpoint_of(secured));
    INFO(bare.message());
    CHECK((bare.code == Errc::not_websocket || bare.code == Errc::closed));
    CHECK(has(remedy(bare), "wss://"));
}

TEST_CASE("a host without an address and a port without a listener are named with their remedies") {
    const auto unknown = refused({.tls = false, .host = "no-such-host.invalid", .port = 1});
    CHECK((unknown.code == Errc::resolve_failed || unknown.code == Errc::resolve_timeout));
    CHECK(has(remedy(unknown), "spelt"));

    std::uint16_t nobody = 0;
    {
        nobody = LoopbackPeer([](LoopbackPeer::Socket&) {}).port();
    }
    const auto absent = refused({.tls = false, .host = "127.0.0.1", .port = nobody});
    CHECK(absent.code == Errc::refused);
    CHECK(absent.detail == "ws://127.0.0.1:" + std::to_string(nobody));
    CHECK(has(remedy(absent), "port"));
}

TEST_CASE("a name and a password are shown to the endpoint and to nobody else") {
    std::string seen;
    const LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, answer("401 Unauthorized"));
    });
    const auto url = "ws://us%40er:s3cret@127.0.0.1:" + std::to_string(peer.port());
    const auto endpoint = parse_endpoint(url).value();
    CHECK(endpoint.user == "us@er:s3cret");
    CHECK(parse_endpoint(endpoint.url()).value() == endpoint);
    const auto failure = refused(endpoint);
    CHECK(has(seen, "Authorization: Basic dXNAZXI6czNjcmV0\r\n"));
    CHECK_FALSE(has(failure.message(), "s3cret"));
    CHECK_FALSE(has(endpoint.shown(), "s3cret"));
}
