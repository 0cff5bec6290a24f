#include "network/http/client.hpp"

#include "network/http/timeout.hpp"
#include "network/http/url.hpp"
#include "tests/network/http/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <optional>
#include <vector>

namespace asio = boost::asio;
using network::Errc;
using network::HttpAnswer;
using tests::ask;
using tests::failure;
using tests::kOk;
using tests::LoopbackPeer;
using tests::patient;
using tests::to;
using namespace std::chrono_literals;

namespace {

std::uint16_t port_where_nobody_listens() {
    asio::io_context io;
    return asio::ip::tcp::acceptor(io, {asio::ip::make_address("127.0.0.1"), 0})
        .local_endpoint()
        .port();
}

// Listens but never accepts, and its queue is full: a further connection is neither made nor
// refused.
class FullQueue {
public:
    FullQueue() : acceptor_(io_) {
        acceptor_.open(asio::ip::tcp::v4());
        acceptor_.bind({asio::ip::make_address("127.0.0.1"), 0});
        acceptor_.listen(0);
        for (int i = 0; i < 8; ++i) {
            auto& socket = waiting_.emplace_back(io_);
            socket.open(asio::ip::tcp::v4());
            socket.non_blocking(true);
            // Asio's own connect would wait for the outcome.
            const auto target = acceptor_.local_endpoint();
            ::connect(socket.native_handle(), target.data(), socklen_t(target.size()));
        }
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    asio::io_context io_;
    asio::ip::tcp::acceptor acceptor_;
    std::vector<asio::ip::tcp::socket> waiting_;
};

}  // namespace

TEST_CASE("the request goes out whole and the answer comes back whole") {
    std::string seen;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 403 Forbidden\r\nX-Why: no\r\ncontent-length: 2\r\n\r\nhi");
    });
    const auto answer = ask(to(peer.port(), "{\"a\":1}"));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 403);
    CHECK(answer->body == "hi");
    CHECK(network::find_header(answer->headers, "x-why") == "no");
    CHECK_FALSE(network::find_header(answer->headers, "x-when"));
    CHECK(seen.starts_with("POST /PullTask HTTP/1.1\r\n"));
    CHECK(seen.find("Host: 127.0.0.1:" + std::to_string(peer.port()) + "\r\n") != seen.npos);
    CHECK(seen.find("name: PullTask\r\n") != seen.npos);
    CHECK(seen.find("Accept-Encoding: identity\r\n") != seen.npos);
    CHECK(seen.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_CASE("headers that the client owns are sent once, and right") {
    std::string seen;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, kOk);
    });
    auto request = to(peer.port(), "12345");
    request.headers = {
        {"Host", "elsewhere:1"}, {"Content-Length", "5"}, {"accept-encoding", "gzip"}};
    REQUIRE(ask(request).has_value());
    CHECK(seen.find("elsewhere") == seen.npos);
    CHECK(seen.find("Accept-Encoding: identity\r\n") != seen.npos);
    CHECK(seen.find("gzip") == seen.npos);
    for (const char* name : {"\r\nContent-Length: 5\r\n", "\r\nHost: 127.0.0.1:"}) {
        INFO(name);
        REQUIRE(seen.find(name) != seen.npos);
        CHECK(seen.find(name) == seen.rfind(name));
    }
}

TEST_CASE("an IPv6 address stands in brackets in the Host header, without its zone") {
    CHECK(network::authority("::1", 80) == "[::1]:80");
    CHECK(network::authority("fe80::1%eth0", 80) == "[fe80::1]:80");
    CHECK(network::authority("10.0.0.1", 80) == "10.0.0.1:80");
    CHECK(network::authority("a.example", 80) == "a.example:80");

    std::string seen;
    LoopbackPeer peer(
        [&](LoopbackPeer::Socket& socket) {
            seen = tests::read_request(socket);
            tests::send(socket, kOk);
        },
        "::1");
    REQUIRE(ask(to(peer.port(), "{}", "::1")).has_value());
    CHECK(seen.find("Host: [::1]:" + std::to_string(peer.port()) + "\r\n") != seen.npos);
}

TEST_CASE("a request that HTTP cannot carry is not sent") {
    LoopbackPeer peer(tests::answering(kOk));
    auto split_header = to(peer.port());
    split_header.headers = {{"name", "x\r\nevil: 1"}};
    auto odd_name = to(peer.port());
    odd_name.headers = {{"na me", "x"}};
    auto split_target = to(peer.port());
    split_target.target = "/a b";
    auto relative = to(peer.port());
    relative.target = "a";
    for (const auto& request : {split_header, odd_name, split_target, relative,
                                to(peer.port(), "", ""), to(peer.port(), "", "a\nb")})
        CHECK(failure(ask(request)) == Errc::malformed);
    CHECK(peer.connections() == 0);
}

TEST_CASE("a name is looked up, and all its addresses are tried") {
    // localhost is ::1 and 127.0.0.1 on most machines; the peer listens on one of them alone.
    LoopbackPeer peer(tests::answering(kOk));
    CHECK(ask(to(peer.port(), "{}", "localhost")).has_value());
}

TEST_CASE("a name that takes too long to look up is given up") {
    auto limits = patient();
    limits.resolve = 0ms;
    CHECK(failure(ask(to(1, "{}", "localhost"), limits)) == Errc::resolve_timeout);
}

TEST_CASE("a name that does not exist is told from a peer that does not answer") {
    CHECK(failure(ask(to(1, "{}", "no such host"))) == Errc::malformed);
    CHECK(failure(ask(to(1, "{}", std::string(300, 'a')))) == Errc::resolve_failed);
}

TEST_CASE("where nobody listens the connection is refused") {
    const auto answer = ask(to(port_where_nobody_listens()));
    CHECK(failure(answer) == Errc::refused);
    CHECK(answer.error().detail.starts_with("127.0.0.1:"));
}

TEST_CASE("a peer that hangs is given up in the phase where it hangs") {
    auto limits = patient();
    SECTION("connecting") {
        const FullQueue full;
        limits.connect = 30ms;
        CHECK(failure(ask(to(full.port()), limits)) == Errc::connect_timeout);
    }
    SECTION("taking the request") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            socket.wait(LoopbackPeer::Socket::wait_error);  // until the client is gone
        });
        limits.write = 30ms;
        CHECK(failure(ask(to(peer.port(), std::string(64 << 20, 'x')), limits)) ==
              Errc::write_timeout);
    }
    SECTION("before the answer") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
        limits.read = 30ms;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::read_timeout);
    }
    SECTION("in the header") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 200 OK\r\ncont");
            tests::await_hang_up(socket);
        });
        limits.read = 30ms;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::read_timeout);
    }
    SECTION("in the body") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
            tests::await_hang_up(socket);
        });
        limits.read = 30ms;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::read_timeout);
    }
    SECTION("dripping for ever") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
            for (;;) {
                tests::send(socket, "x");
                std::this_thread::sleep_for(1ms);
            }
        });
        limits.read = 30ms;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::read_timeout);
    }
}

TEST_CASE("a peer that refuses a long request without reading it is heard") {
    LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
        std::string header;
        asio::read_until(socket, asio::dynamic_buffer(header), "\r\n\r\n");
        tests::send(socket, "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
    });
    const auto answer = ask(to(peer.port(), std::string(32 << 20, 'x')));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 403);
    CHECK(answer->body == "no");
}

TEST_CASE("a peer that closes while a long request is written is one of a closed connection") {
    LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
        socket.set_option(asio::socket_base::linger(true, 0));
        socket.close();
    });
    CHECK(failure(ask(to(peer.port(), std::string(32 << 20, 'x')))) == Errc::closed);
}

TEST_CASE("cancelling ends a request in any phase and leaves no descriptor") {
    using namespace asio::experimental::awaitable_operators;
    const FullQueue full;
    LoopbackPeer silent([](LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    LoopbackPeer deaf(
        [](LoopbackPeer::Socket& socket) { socket.wait(LoopbackPeer::Socket::wait_error); });
    const auto before = tests::open_descriptors();
    for (auto request :
         {to(full.port()), to(silent.port()), to(deaf.port(), std::string(64 << 20, 'x'))}) {
        const auto brief = []() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
            co_await timer.async_wait(asio::use_awaitable);
        };
        CHECK(tests::run(network::request(std::move(request), patient()) || brief()).index() == 1);
    }
    // The peers close their ends a moment later.
    CHECK(tests::eventually([&] { return tests::open_descriptors() <= before; }));
}

TEST_CASE("a cancelled request says so") {
    LoopbackPeer silent([](LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    asio::io_context io{1};
    asio::cancellation_signal signal;
    std::optional<config::Result<HttpAnswer>> answer;
    asio::co_spawn(io, network::request(to(silent.port()), patient()),
                   asio::bind_cancellation_slot(
                       signal.slot(), [&](std::exception_ptr, config::Result<HttpAnswer> result) {
                           answer = std::move(result);
                       }));
    asio::steady_timer timer(io, 20ms);
    timer.async_wait([&](auto) { signal.emit(asio::cancellation_type::terminal); });
    io.run();
    REQUIRE(answer.has_value());
    CHECK(failure(*answer) == Errc::cancelled);
}

TEST_CASE("hundreds of failures in a row leave no descriptor behind") {
    const FullQueue full;
    const auto nobody = port_where_nobody_listens();
    LoopbackPeer rude([](LoopbackPeer::Socket&) {});
    LoopbackPeer babbling(tests::answering("SSH-2.0-x\r\n"));
    LoopbackPeer silent([](LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    auto limits = patient();
    limits.body_bytes = 10;
    auto hasty = limits;
    hasty.connect = hasty.read = 2ms;

    const auto storm = [&]() -> asio::awaitable<int> {
        int failures = 0;
        for (int i = 0; i < 40; ++i) {
            for (const auto port : {nobody, rude.port(), babbling.port()}) {
                const auto answer = co_await network::request(to(port), limits);
                failures += !answer;
            }
            for (const auto port : {full.port(), silent.port()}) {
                const auto answer = co_await network::request(to(port), hasty);
                failures += !answer;
            }
        }
        co_return failures;
    };
    CHECK(tests::run(storm()) == 200);  // the resolver and the reactor have what they need now
    const auto before = tests::open_descriptors();
    CHECK(tests::run(storm()) == 200);
    CHECK(tests::eventually([&] { return tests::open_descriptors() <= before; }));
}
