// Nodes that keep whoever listens to them busy.
#include "network/chain/rpc.hpp"
#include "network/errc.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/detached.hpp>
#include <boost/beast/websocket/stream.hpp>

using namespace network;
using namespace std::chrono_literals;
using tests::LoopbackPeer;

namespace {

// What became of the first connection to it.
Errc lost_by(const Endpoint& node, RpcLimits limits = {}) {
    limits.socket.connect = limits.socket.handshake = limits.greeting = 1h;
    std::optional<config::Error> lost;
    boost::asio::io_context io{1};
    Rpc* running = nullptr;
    RpcOptions options{.endpoints = {node}, .limits = limits};
    options.news = [&](const RpcNews& news) {
        if (news.lost && !lost) lost = news.lost;
        running->stop();
    };
    Rpc rpc(io.get_executor(), std::move(options));
    running = &rpc;
    boost::asio::co_spawn(io, rpc.run(), boost::asio::detached);
    io.run();
    REQUIRE(lost.has_value());
    INFO(lost->message());
    return Errc(lost->code.value());
}

}  // namespace

TEST_CASE("a node that says more than anybody asks for is left") {
    tests::ScriptedNode node([](const boost::json::object&) {
        return std::vector<std::string>(200, tests::item_of("of nobody", 1));
    });
    CHECK(lost_by(node.endpoint(), {.messages = 100, .flood = 1h}) == Errc::malformed);
}

TEST_CASE("a node that pings without end is left") {
    std::string pings;
    for (int i = 0; i < 100'000; ++i) pings += std::string_view("\x89\0", 2);
    LoopbackPeer node([&](LoopbackPeer::Socket& socket) {
        boost::beast::websocket::stream<LoopbackPeer::Socket&> stream(socket);
        stream.accept();
        tests::send(socket, pings);
        tests::await_hang_up(socket);
    });
    CHECK(lost_by({.tls = false, .host = "127.0.0.1", .port = node.port()}) == Errc::malformed);
}
