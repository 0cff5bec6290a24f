#include "network/http/server.hpp"

#include "network/errc.hpp"
#include "network/http/timeout.hpp"
#include "tests/network/http/asking.hpp"
#include "tests/network/http/served.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <stdexcept>

namespace asio = boost::asio;
using network::Errc;
using network::HttpServer;
using network::ServerReply;
using network::ServerRequest;
using tests::ask;
using tests::echo;
using tests::failure;
using tests::LoopbackPeer;
using tests::say;
using tests::Served;
using tests::waiting;
using Reply = HttpServer::Reply;
using namespace std::chrono_literals;

TEST_CASE("a handler sees the request and its reply comes back") {
    ServerRequest seen;
    Served served([&](const ServerRequest& request) {
        seen = request;
        return echo(request);
    });
    const auto answer = ask(served.port(), "hello");
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->body == "POST / hello");
    CHECK(seen.peer_ip == "127.0.0.1");
    CHECK(seen.peer_port != 0);
    CHECK(network::find_header(seen.headers, "host").has_value());
}

TEST_CASE("one connection carries several requests") {
    Served served(echo);
    const auto answers = say(served.port(),
                             "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                             "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                             "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answers.find("GET /a ") != answers.npos);
    CHECK(answers.find("POST /b hi") != answers.npos);
    CHECK(answers.ends_with("GET /c "));
}

TEST_CASE("a handler that throws is an internal error") {
    Served served([](const ServerRequest&) -> ServerReply { throw std::runtime_error("bug"); });
    const auto answer = ask(served.port());
    REQUIRE(answer.has_value());
    CHECK(answer->status == 500);
    CHECK(answer->body.find("bug") == std::string::npos);
}

TEST_CASE("what is set on sight of the header reaches the handler") {
    int mark = 0;
    Served served(
        [&](const ServerRequest& request) {
            mark = request.mark;
            return echo(request);
        },
        {},
        [](ServerRequest& request, std::int64_t&) -> std::optional<ServerReply> {
            request.mark = 7;
            return std::nullopt;
        });
    REQUIRE(ask(served.port()).has_value());
    CHECK(mark == 7);
}

TEST_CASE("requests beyond the limits are refused with the status that says so") {
    Served served(echo, {.header_bytes = 1024, .body_bytes = 1000});
    const auto status = [&](std::string_view text) {
        return say(served.port(), text).substr(0, 12);
    };
    CHECK(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n") == "HTTP/1.1 413");
    CHECK(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n") ==
          "HTTP/1.1 413");
    CHECK(status("GET / HTTP/1.1\r\nx: " + std::string(2000, 'y') + "\r\n\r\n") == "HTTP/1.1 431");
    CHECK(status("nonsense\r\n\r\n") == "HTTP/1.1 400");
    CHECK(status("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 400");  // no Host
    CHECK(ask(served.port(), std::string(1000, 'x')).value().status == 200);
}

TEST_CASE("connections beyond the limit are closed at once") {
    Served served(echo, {.connections = 2});
    asio::io_context io;
    std::vector<LoopbackPeer::Socket> idle;
    for (int i = 0; i < 2; ++i)
        idle.emplace_back(io).connect({asio::ip::make_address("127.0.0.1"), served.port()});
    CHECK(failure(ask(served.port())) == Errc::closed);
    idle.clear();
    CHECK(tests::eventually([&] { return ask(served.port()).has_value(); }));
}

TEST_CASE("stopping closes every connection, whatever it is doing") {
    asio::io_context io;
    std::vector<LoopbackPeer::Socket> clients;
    clients.emplace_back(io);  // the first one opens what its io_context needs
    const auto before = tests::open_descriptors();
    {
        std::atomic<int> handled = 0;
        const auto handler = [&](ServerRequest request) -> asio::awaitable<Reply> {
            ++handled;
            asio::steady_timer timer(co_await asio::this_coro::executor);
            while (request.target == "/never" && !request.gone.stop_requested()) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
            Reply reply{echo(request)};
            if (request.target == "/large") reply.reply.body.resize(64 << 20);
            co_return reply;
        };
        Served served(handler, {}, {.idle = 1h, .read = 1h, .write = 1h});
        for (const char* text : {"", "GET", "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
                                 "GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
                                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"}) {
            auto& client = clients.emplace_back(io);
            client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
            tests::send(client, text);
        }
        while (handled < 2) std::this_thread::sleep_for(1ms);
    }
    clients.clear();
    CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a port that is taken is an error that names it") {
    Served served(echo);
    asio::io_context io;
    const auto handler = network::at_once<Reply>(echo);
    const auto second = HttpServer::listen(io, "127.0.0.1", served.port(), handler, {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == boost::system::errc::address_in_use);
    CHECK(second.error().detail == "127.0.0.1:" + std::to_string(served.port()));
    // Of a network that is there for documents alone (RFC 5737).
    CHECK(HttpServer::listen(io, "192.0.2.1", 0, handler, {}).error().code ==
          boost::system::errc::address_not_available);
    CHECK(HttpServer::listen(io, "nowhere", 0, handler, {}).error().code == Errc::malformed);
}

namespace {

HttpServer::Handler patient_echo() {
    return [](ServerRequest request) -> asio::awaitable<Reply> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
        co_await timer.async_wait(asio::use_awaitable);
        if (request.target == "/throw") throw std::runtime_error("bug");
        co_return Reply{echo(request)};
    };
}

void wait_for(const std::atomic<int>& count, int value) {
    CHECK(tests::eventually([&] { return count >= value; }));
    CHECK(count == value);
}

}  // namespace

TEST_CASE("an asynchronous handler takes its time, and one connection still carries several") {
    Served served(patient_echo(), {});
    const auto answers = say(served.port(),
                             "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n"
                             "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answers.find("GET /a ") != answers.npos);
    CHECK(answers.find("HTTP/1.1 500") != answers.npos);
    CHECK(answers.find("bug") == answers.npos);
    CHECK(answers.find("HEAD /b") == answers.npos);
    CHECK(answers.ends_with("GET /c "));
}

TEST_CASE("an asynchronous handler is told when its caller hangs up") {
    std::atomic<int> begun = 0, ended = 0;
    Served served(waiting(begun, ended), {});
    {
        asio::io_context io;
        LoopbackPeer::Socket client(io);
        client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
        tests::send(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for(begun, 1);
        CHECK(ended == 0);
    }
    wait_for(ended, 1);
}

TEST_CASE("an asynchronous handler is told when the server stops, and awaited") {
    std::atomic<int> begun = 0, ended = 0;
    asio::io_context io;
    LoopbackPeer::Socket client(io);
    {
        Served served(waiting(begun, ended), {});
        client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
        tests::send(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for(begun, 1);
    }
    CHECK(ended == 1);
}

TEST_CASE("a body of unknown length goes out in pieces until the reader leaves") {
    std::atomic<int> ended = 0;
    Served served(
        [&](ServerRequest request) -> asio::awaitable<Reply> {
            const bool endless = request.target == "/endless";
            co_return Reply{{200, {{"content-type", "text/plain"}}, {}},
                            [&ended, endless](HttpServer::Writer& writer) -> asio::awaitable<void> {
                                asio::steady_timer timer(co_await asio::this_coro::executor);
                                for (int i = 0; i < 3 || endless; ++i) {
                                    if (!co_await writer.write("piece " + std::to_string(i) + "\n"))
                                        break;
                                    timer.expires_after(1ms);
                                    co_await timer.async_wait(asio::use_awaitable);
                                }
                                ++ended;
                            }};
        },
        {});
    const auto answer =
        say(served.port(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answer.find("Transfer-Encoding: chunked") != answer.npos);
    CHECK(answer.find("piece 2") != answer.npos);
    CHECK(answer.ends_with("0\r\n\r\n"));
    CHECK(ended == 1);
    {
        asio::io_context io;
        LoopbackPeer::Socket client(io);
        client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
        tests::send(client, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
        char byte;
        asio::read(client, asio::buffer(&byte, 1));
    }
    wait_for(ended, 2);
}

TEST_CASE("a request is refused by its header, its body unread, and the sender sees why") {
    Served served(
        patient_echo(),
        [](ServerRequest& request, std::int64_t& body_bytes) -> std::optional<ServerReply> {
            if (request.target == "/no") return ServerReply{403, {}, "no"};
            if (request.target == "/small") body_bytes = 10;
            return std::nullopt;
        });
    const std::string head = " HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n";
    const auto status = [&](const std::string& target) {
        return say(served.port(), "POST " + target + head + std::string(300'000, 'x'))
            .substr(0, 12);
    };
    CHECK(status("/no") == "HTTP/1.1 403");
    CHECK(status("/small") == "HTTP/1.1 413");
    CHECK(ask(served.port(), std::string(300'000, 'x')).value().status == 200);
}

TEST_CASE("connections beyond the limit may be told that we are busy") {
    Served served(echo, {.connections = 1, .says_busy = true});
    asio::io_context io;
    LoopbackPeer::Socket idle(io);
    idle.connect({asio::ip::make_address("127.0.0.1"), served.port()});
    CHECK(say(served.port(), "").starts_with("HTTP/1.1 503"));
}

TEST_CASE("those who say nothing give way to those who ask, the longest silent first") {
    Served served(echo, {.connections = 2, .says_busy = true, .makes_room = true});
    asio::io_context io;
    LoopbackPeer::Socket first(io), second(io);
    for (auto* socket : {&first, &second})
        socket->connect({asio::ip::make_address("127.0.0.1"), served.port()});
    tests::send(first, "GET / HTTP/1.1\r\nHost: ");  // half a header is none
    CHECK(ask(served.port(), "a").value().status == 200);
    char byte = 0;
    boost::system::error_code error;
    first.read_some(asio::buffer(&byte, 1), error);
    CHECK(error);
    tests::send(second, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(second.read_some(asio::buffer(&byte, 1)) == 1);
    for (int i = 0; i < 20; ++i) CHECK(ask(served.port(), "a").value().status == 200);
}

TEST_CASE("who is being answered does not give way") {
    std::atomic<int> begun = 0;
    std::atomic<bool> go = false;
    const HttpServer::Handler slow = [&](ServerRequest request) -> asio::awaitable<Reply> {
        ++begun;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!go && !request.gone.stop_requested()) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return Reply{echo(request)};
    };
    Served served(slow, {}, {.connections = 1, .says_busy = true, .makes_room = true});
    std::string answer;
    std::thread asking([&] { answer = ask(served.port(), "a").value().body; });
    wait_for(begun, 1);
    CHECK(say(served.port(), "").starts_with("HTTP/1.1 503"));
    go = true;
    asking.join();
    CHECK(answer == "POST / a");
}
