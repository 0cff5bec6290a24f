// Downloads: answers that go to a sink instead of memory.
#include "network/http/client.hpp"

#include "tests/network/http/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <atomic>
#include <string>

using network::Errc;
using network::HttpAnswer;
using tests::failure;
using tests::kOk;
using tests::LoopbackPeer;
using tests::patient;
using tests::to;
using namespace std::chrono_literals;

TEST_CASE("a download goes to its sink piece by piece and is not kept") {
    const std::string body(300'000, 'x');
    LoopbackPeer peer(
        tests::answering("HTTP/1.1 206 Partial\r\ncontent-length: 300000\r\n\r\n" + body));
    std::string got;
    std::size_t largest = 0;
    const auto answer = tests::run(network::download(
        to(peer.port()), patient(),
        [&](const HttpAnswer& head, std::string_view piece) -> config::Result<void> {
            CHECK(head.status == 206);
            got += piece;
            largest = std::max(largest, piece.size());
            return {};
        }));
    REQUIRE(answer.has_value());
    CHECK(answer->body.empty());
    CHECK(got == body);
    CHECK(largest < body.size());
}

TEST_CASE("a refusal or redirect is no download: its body is not waited for") {
    const std::string status = GENERATE("403 No", "302 Found");
    std::atomic<bool> over = false;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 " + status +
                                "\r\nlocation: /x\r\ncontent-length: 100000\r\n\r\nhalf");
        tests::eventually([&] { return over.load(); });
    });
    auto limits = patient();
    limits.body_bytes = 99'999;  // of a file
    const auto answer = tests::run(network::download(
        to(peer.port()), limits, [](const HttpAnswer&, std::string_view) -> config::Result<void> {
            FAIL("nothing of it is for the sink");
            return {};
        }));
    over = true;
    REQUIRE(answer.has_value());
    CHECK(answer->status == unsigned(std::stoi(status)));
    CHECK(network::find_header(answer->headers, "location") == "/x");
    CHECK(answer->body.empty());
}

TEST_CASE("a sink that is full ends its download with its own words") {
    LoopbackPeer peer(tests::answering(kOk));
    const auto answer = tests::run(
        network::download(to(peer.port()), patient(),
                          [](const HttpAnswer&, std::string_view) -> config::Result<void> {
                              return config::fail(Errc::io, "disk full");
                          }));
    CHECK(failure(answer) == Errc::io);
    CHECK(answer.error().detail == "disk full");
}

TEST_CASE("a download that stalls is given up, one that only takes long is not") {
    auto limits = patient();
    limits.read = 200ms;
    const auto sink = [](const HttpAnswer&, std::string_view) { return config::Result<void>(); };
    LoopbackPeer stalling([](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
        tests::await_hang_up(socket);
    });
    CHECK(failure(tests::run(network::download(to(stalling.port()), limits, sink))) ==
          Errc::read_timeout);
    // Longer in all than a pause may be, and no pause near to that, though the machine stand still.
    limits.read = 5s;
    LoopbackPeer slow([](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n");
        for (int i = 0; i < 60; ++i) {
            std::this_thread::sleep_for(100ms);
            tests::send(socket, "x");
        }
    });
    CHECK(tests::run(network::download(to(slow.port()), limits, sink)).has_value());
}
