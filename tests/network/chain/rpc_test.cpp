#include "network/chain/rpc.hpp"

#include "network/errc.hpp"
#include "network/tls.hpp"
#include "tests/network/certificate.hpp"
#include "tests/network/chain/conversing.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

using namespace network;
using namespace std::chrono_literals;
using tests::answer_to;
using tests::converse;
using tests::echo;
using tests::failure;
using tests::LoopbackPeer;
using tests::rpc_to;
using tests::ScriptedNode;

namespace {

namespace json = boost::json;
namespace asio = boost::asio;

Endpoint at(std::uint16_t port) { return {.tls = false, .host = "127.0.0.1", .port = port}; }

Rpc::Answer ask(RpcOptions options, std::string method = "question") {
    Rpc::Answer answer = json::value();
    converse(std::move(options),
             [&](Rpc& rpc) -> asio::awaitable<void> { answer = co_await rpc.call(method); });
    return answer;
}

// What became of the first connection, while the call itself runs out of time.
Errc refused_first(RpcOptions options) {
    options.limits.request = 2s;
    std::optional<config::Error> first;
    asio::io_context io{1};
    Rpc* running = nullptr;
    options.news = [&](const RpcNews& news) {
        if (news.lost && !first) first = news.lost;
        running->stop();
    };
    Rpc rpc(io.get_executor(), std::move(options));
    running = &rpc;
    asio::co_spawn(io, rpc.run(), asio::detached);
    io.run();
    REQUIRE(first.has_value());
    INFO(first->message());
    return Errc(first->code.value());
}

// Accepts WebSocket clients and does with the bytes underneath as `script` says.
LoopbackPeer::Script raw_node(std::function<void(LoopbackPeer::Socket&)> script) {
    return [script = std::move(script)](LoopbackPeer::Socket& socket) {
        boost::beast::websocket::stream<LoopbackPeer::Socket&> stream(socket);
        stream.accept();
        script(socket);
    };
}

}  // namespace

TEST_CASE("a call gets its answer") {
    ScriptedNode node(echo());
    CHECK(ask(rpc_to({node.endpoint()})).value() == "question");
}

TEST_CASE("answers that come in another order reach whom they belong to") {
    json::object held;
    ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "first") {
            held = request;
            return {tests::item_of("of nobody", 1)};
        }
        if (request.at("method") == "second")
            return {answer_to(request, "2"), tests::head_item(101), answer_to(held, "1")};
        return {};
    });
    converse(rpc_to({node.endpoint()}), [](Rpc& rpc) -> asio::awaitable<void> {
        using namespace asio::experimental::awaitable_operators;
        auto [first, second] = co_await (rpc.call("first") && rpc.call("second"));
        CHECK(first.value() == "1");
        CHECK(second.value() == "2");
        CHECK(rpc.head() == 101);
    });
}

TEST_CASE("what a node refuses is told with its words") {
    ScriptedNode node([](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_subscribeNewHeads") return {};
        return {tests::error_to(request, -32601, "Method not\nfound")};
    });
    const auto answer = ask(rpc_to({node.endpoint()}));
    CHECK(failure(answer) == Errc::node_error);
    CHECK(answer.error().detail == "question: Method not\\nfound (-32601)");
}

TEST_CASE("an answer to a question that was never asked ends the connection") {
    ScriptedNode node([](const json::object& request) -> std::vector<std::string> {
        auto other = request;
        other["id"] = 4711;
        return {answer_to(other, "for somebody else")};
    });
    CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::malformed);
}

TEST_CASE("an answer that comes too late, or twice, disturbs nobody") {
    json::object held;
    ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "slow") {
            held = request;
            return {tests::item_of("of nobody", 1)};
        }
        if (request.at("method") == "quick")
            return {answer_to(held, "late"), answer_to(request, "1"), answer_to(request, "2")};
        return {};
    });
    auto options = rpc_to({node.endpoint()});
    options.limits.request = 2s;
    converse(std::move(options), [](Rpc& rpc) -> asio::awaitable<void> {
        co_await rpc.wait_for(100);  // connecting takes of the time of a call
        CHECK(failure(co_await rpc.call("slow")) == Errc::read_timeout);
        for (int i = 0; i < 3; ++i) {
            auto answer = co_await rpc.call("quick");
            // On a machine that stood still; then this is one more that comes too late.
            while (!answer && failure(answer) == Errc::read_timeout) {
                answer = co_await rpc.call("quick");
            }
            REQUIRE(answer.has_value());
            CHECK(*answer == "1");
        }
    });
    CHECK(node.connections() == 1);
}

TEST_CASE("what is no node is given up, whatever it says") {
    SECTION("a web server") {
        LoopbackPeer peer(tests::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"));
        CHECK(refused_first(rpc_to({at(peer.port())})) == Errc::not_websocket);
    }
    SECTION("something else") {
        LoopbackPeer peer(
            [](LoopbackPeer::Socket& socket) { tests::send(socket, "SSH-2.0-x\r\n"); });
        CHECK(refused_first(rpc_to({at(peer.port())})) == Errc::not_websocket);
    }
    SECTION("a WebSocket that speaks no JSON-RPC") {
        ScriptedNode node([](const json::object&) { return std::vector<std::string>{"hello"}; });
        CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::malformed);
    }
    SECTION("JSON without end") {
        ScriptedNode node(
            [](const json::object&) { return std::vector{std::string(100'000, '[')}; });
        CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::malformed);
    }
    SECTION("a node without subscriptions") {
        ScriptedNode node([](const json::object& request) {
            return std::vector{tests::error_to(request, -32601, "Method not found")};
        });
        CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::wrong_chain);
    }
    SECTION("a node whose blocks have no numbers") {
        ScriptedNode node([](const json::object& request) {
            return std::vector{answer_to(request, "heads"),
                               tests::item_of("heads", json::object{{"number", 7}})};
        });
        CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::malformed);
    }
    SECTION("a node whose blocks have numbers that none can have") {
        ScriptedNode node(echo(), ~0ull);
        CHECK(refused_first(rpc_to({node.endpoint()})) == Errc::malformed);
    }
    SECTION("one that never says a word") {
        LoopbackPeer peer(tests::await_hang_up);
        auto options = rpc_to({at(peer.port())});
        options.limits.socket.handshake = 50ms;
        const auto why = refused_first(std::move(options));
        CHECK((why == Errc::read_timeout || why == Errc::handshake_timeout));
    }
    SECTION("one that closes in the middle of a frame") {
        LoopbackPeer peer(raw_node([](LoopbackPeer::Socket& socket) {
            tests::send(socket, std::string("\x81\x7e\x01\x00{\"jsonrpc\":", 16));
        }));
        CHECK(refused_first(rpc_to({at(peer.port())})) == Errc::closed);
    }
    SECTION("one that announces a frame of 100 MiB") {
        LoopbackPeer peer(raw_node([](LoopbackPeer::Socket& socket) {
            tests::send(socket, std::string("\x81\x7f\0\0\0\0\x06\x40\0\0", 10));
            tests::await_hang_up(socket);
        }));
        CHECK(refused_first(rpc_to({at(peer.port())})) == Errc::body_too_large);
    }
}

TEST_CASE("over TLS the node must be the one that was asked for") {
    namespace ssl = asio::ssl;
    const auto served = [](ssl::context& context) -> LoopbackPeer::Script {
        return [&context](LoopbackPeer::Socket& socket) {
            boost::beast::websocket::stream<ssl::stream<LoopbackPeer::Socket&>> stream(socket,
                                                                                       context);
            stream.next_layer().handshake(ssl::stream_base::server);
            stream.accept();
            for (;;) {
                boost::beast::flat_buffer buffer;
                stream.read(buffer);
                const auto request =
                    json::parse(boost::beast::buffers_to_string(buffer.data())).as_object();
                stream.write(asio::buffer(answer_to(request, "heads")));
                stream.write(asio::buffer(tests::head_item(5)));
            }
        };
    };
    const auto good = tests::Certificate::make("IP:127.0.0.1");
    const auto elsewhere = tests::Certificate::make("DNS:example.com");
    for (const auto* certificate : {&good, &elsewhere}) {
        auto context = certificate->server();
        LoopbackPeer peer(served(context));
        auto options = rpc_to({{.tls = true, .host = "127.0.0.1", .port = peer.port()}});
        options.tls = Tls::trusting(certificate->pem).value();
        if (certificate == &good)
            CHECK(ask(std::move(options)).value() == "heads");
        else
            CHECK(refused_first(std::move(options)) == Errc::untrusted);
    }
}

TEST_CASE("when a node is gone, the next one is asked") {
    ScriptedNode dying([](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_subscribeNewHeads") return {};
        return {"close"};
    });
    ScriptedNode good(echo());
    CHECK(ask(rpc_to({dying.endpoint(), good.endpoint()})).value() == "question");
    CHECK(dying.connections() == 1);

    LoopbackPeer nobody([](LoopbackPeer::Socket&) {});
    CHECK(ask(rpc_to({at(nobody.port()), good.endpoint()})).value() == "question");
}

TEST_CASE("a node without new blocks, or far behind the others, is left") {
    ScriptedNode old(echo(), 100), fresh(echo(), 1000);
    std::vector<Errc> losses;
    auto options = rpc_to({fresh.endpoint(), old.endpoint()});
    options.limits.stale = 1s;
    options.news = [&](const RpcNews& news) {
        if (news.lost) losses.push_back(Errc(news.lost->code.value()));
    };
    converse(std::move(options), [&](Rpc& rpc) -> asio::awaitable<void> {
        co_await rpc.wait_for(1000);
        CHECK(rpc.url() == fresh.endpoint().url());
        while (losses.size() < 2) {
            asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
    });
    CHECK(losses[0] == Errc::stale_node);
    CHECK(losses[1] == Errc::stale_node);
}

TEST_CASE("a node of another chain is left for the next, and asked nothing else") {
    const std::string meant = "0x" + std::string(64, 'a');
    std::atomic<int> others = 0;
    const auto serving = [&](json::value genesis) {
        return [&others, genesis](const json::object& request) -> std::vector<std::string> {
            const auto& method = request.at("method").as_string();
            if (method == "chain_getBlockHash" && request.at("params").at(0) == 0)
                return {answer_to(request, genesis)};
            if (method == "chain_subscribeNewHeads") return {};
            ++others;
            return {answer_to(request, method)};
        };
    };
    ScriptedNode good(serving(json::string(meant)));
    for (const json::value& wrong :
         std::initializer_list<json::value>{json::string("0x" + std::string(64, 'b')),
                                            json::string("\n"), json::value(), json::value(7)}) {
        ScriptedNode other(serving(wrong));
        auto first = other.endpoint(), second = good.endpoint();
        first.genesis = second.genesis = meant;
        const auto before = others.load();
        auto options = rpc_to({first, second});
        std::vector<config::Error> losses;
        options.news = [&](const RpcNews& news) {
            if (news.lost) losses.push_back(*news.lost);
        };
        CHECK(ask(std::move(options)).value() == "question");
        CHECK(others == before + 1);  // of the good one
        CHECK(other.heads_asked() == 0);
        REQUIRE(losses.size() == 1);
        INFO(losses[0].message());
        CHECK(losses[0].code == (wrong.is_string() ? Errc::wrong_chain : Errc::malformed));
        CHECK(losses[0].detail.find('\n') == std::string::npos);
    }
}

TEST_CASE("after a connection is cut, new blocks are subscribed to again") {
    ScriptedNode node(echo());
    converse(rpc_to({node.endpoint()}), [&](Rpc& rpc) -> asio::awaitable<void> {
        for (int round = 1; round <= 3; ++round) {
            CHECK((co_await rpc.call("x")).value() == "x");
            while (node.heads_asked() < round) co_await rpc.call("x");
            node.cut();
            while (node.connections() == round) co_await rpc.call("x");
        }
    });
    CHECK(node.heads_asked() >= 3);
}

TEST_CASE("a watched subscription ends when it has shown enough") {
    std::atomic<bool> unsubscribed = false;
    ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "watch")
            return {answer_to(request, "w"), tests::item_of("w", 1), tests::item_of("w", 2),
                    tests::item_of("w", 3)};
        if (request.at("method") == "unwatch") unsubscribed = true;
        if (request.at("method") == "x") return {answer_to(request, true)};
        if (request.at("method") == "lost") return {answer_to(request, "l"), "close"};
        return {};
    });
    converse(rpc_to({node.endpoint()}), [&](Rpc& rpc) -> asio::awaitable<void> {
        std::vector<std::int64_t> seen;
        const auto done = co_await rpc.watch(
            "watch", {}, "unwatch",
            [&](const json::value& item) {
                seen.push_back(item.as_int64());
                return seen.size() == 2;
            },
            20s);
        CHECK(done.has_value());
        CHECK(seen == std::vector<std::int64_t>{1, 2});
        co_await rpc.call("x");
        CHECK(unsubscribed);
        const auto lost = co_await rpc.watch(
            "lost", {}, "unwatch", [](const json::value&) { return false; }, 20s);
        REQUIRE_FALSE(lost.has_value());
        CHECK(lost.error().code == Errc::closed);
    });
}

TEST_CASE("without any node a call fails with what became of the last try") {
    auto options = rpc_to({at(1)});
    options.limits.request = 50ms;
    bool tried = false;
    options.news = [&](const RpcNews&) { tried = true; };
    Rpc::Answer answer = json::value();
    converse(std::move(options), [&](Rpc& rpc) -> asio::awaitable<void> {
        while (!tried) {
            asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        answer = co_await rpc.call("question");
    });
    CHECK(failure(answer) == Errc::refused);
    CHECK(answer.error().detail.find("ws://127.0.0.1:1") != std::string::npos);
}

TEST_CASE("stopping ends a connection in every phase, and all who wait") {
    LoopbackPeer silent(tests::await_hang_up);
    ScriptedNode deaf([](const json::object&) -> std::vector<std::string> { return {}; });
    for (const auto& endpoint : {at(silent.port()), deaf.endpoint(), at(1)}) {
        asio::io_context io{1};
        auto options = rpc_to({endpoint});
        options.backoff = {.first = 1h, .longest = 1h};
        Rpc rpc(io.get_executor(), std::move(options));
        int ended = 0;
        asio::co_spawn(io, rpc.run(), [&](std::exception_ptr) { ++ended; });
        asio::co_spawn(io, rpc.call("question"), [&](std::exception_ptr, Rpc::Answer answer) {
            CHECK(failure(answer) == Errc::cancelled);
            ++ended;
        });
        asio::co_spawn(io, rpc.wait_for(1'000'000), [&](std::exception_ptr) { ++ended; });
        io.run_for(20ms);
        rpc.stop();
        io.run();
        CHECK(ended == 3);
    }
}

TEST_CASE("ten thousand reconnects leave no descriptor behind") {
    std::size_t before = 0;
    int losses = 0;
    constexpr int kReconnects = 10'000;
    LoopbackPeer hanging_up([](LoopbackPeer::Socket&) {});
    asio::io_context io{1};
    Rpc* running = nullptr;
    auto options = rpc_to({at(hanging_up.port())});
    options.backoff = {.first = 0ms, .longest = 0ms};
    options.news = [&](const RpcNews& news) {
        if (!news.lost) return;
        if (++losses == 10) before = tests::open_descriptors();
        if (losses == kReconnects) running->stop();
    };
    Rpc rpc(io.get_executor(), std::move(options));
    running = &rpc;
    asio::co_spawn(io, rpc.run(), asio::detached);
    io.run();
    CHECK(losses >= kReconnects);
    CHECK(tests::open_descriptors() <= before);
}

TEST_CASE("reconnects of whole conversations leave no descriptor behind") {
    ScriptedNode node([](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "bye") return {"close"};
        return {};
    });
    std::size_t before = 0, after = 0;
    auto options = rpc_to({node.endpoint()});
    options.backoff = {.first = 0ms, .longest = 0ms};
    converse(std::move(options), [&](Rpc& rpc) -> asio::awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            const auto done = co_await rpc.watch(
                "bye", {}, "", [](const json::value&) { return false; }, 20s);
            CHECK_FALSE(done.has_value());
            if (i == 10) before = tests::open_descriptors();
        }
        after = tests::open_descriptors();
    });
    CHECK(node.connections() >= 300);
    CHECK(after <= before + 2);  // the two ends of the connection at hand
}
