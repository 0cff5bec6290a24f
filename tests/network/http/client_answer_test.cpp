// What the client makes of answers: how they are framed, how large they may be, and what is none.
#include "network/http/client.hpp"

#include "tests/network/http/asking.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sanitized.hpp"

#include <cstdint>
#include <fstream>
#include <string>

namespace asio = boost::asio;
using network::Errc;
using tests::ask;
using tests::ask_one_that_says;
using tests::failure;
using tests::kOk;
using tests::LoopbackPeer;
using tests::patient;
using tests::to;

namespace {

// The most memory this process had at a time since the last call, in KiB.
long peak_kib() {
    long peak = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) peak = std::stol(line.substr(6));
    std::ofstream("/proc/self/clear_refs") << "5";
    return peak;
}

}  // namespace

TEST_CASE("an answer may come byte by byte") {
    LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        socket.set_option(asio::ip::tcp::no_delay(true));
        for (const char* at = kOk; *at; ++at) tests::send(socket, std::string_view(at, 1));
    });
    CHECK(ask(to(peer.port())).value().body == "hi");
}

TEST_CASE("an answer that ends early is one of a closed connection") {
    const std::string whole = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
    for (const auto& said :
         {std::string(), whole.substr(0, 8), whole.substr(0, 30), whole,
          std::string("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab")})
        CHECK(failure(ask_one_that_says(said)) == Errc::closed);
}

TEST_CASE("a reset instead of an answer is one of a closed connection") {
    LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
        socket.set_option(asio::socket_base::linger(true, 0));
        socket.close();
    });
    CHECK(failure(ask(to(peer.port()))) == Errc::closed);
}

TEST_CASE("without a length the answer ends with the connection") {
    CHECK(ask_one_that_says("HTTP/1.1 200 OK\r\n\r\nall of it").value().body == "all of it");
}

TEST_CASE("chunks are put together") {
    CHECK(ask_one_that_says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                            "2;x=y\r\nde\r\n0\r\n\r\n")
              .value()
              .body == "abcde");
}

TEST_CASE("a body in thousands of chunks of a byte is refused, one in a few thousand is not") {
    const auto said = [](int chunks) {
        std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < chunks; ++i) answer += "1\r\nx\r\n";
        return answer + "0\r\n\r\n";
    };
    CHECK(ask_one_that_says(said(3000)).value().body.size() == 3000);
    CHECK(failure(ask_one_that_says(said(20'000))) == Errc::malformed);
}

TEST_CASE("a body larger than the limit is refused and not kept") {
    auto limits = patient();
    limits.body_bytes = 1000;
    const std::string thousand(1000, 'x');
    SECTION("just fits") {
        CHECK(
            ask_one_that_says("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + thousand, limits)
                .value()
                .body == thousand);
    }
    SECTION("announced") {
        CHECK(failure(ask_one_that_says(
                  "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n" + thousand + "x", limits)) ==
              Errc::body_too_large);
    }
    SECTION("in chunks") {
        CHECK(failure(
                  ask_one_that_says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n" +
                                        thousand + "\r\n1\r\nx\r\n0\r\n\r\n",
                                    limits)) == Errc::body_too_large);
    }
    SECTION("until the end of the connection") {
        CHECK(failure(ask_one_that_says("HTTP/1.1 200 OK\r\n\r\n" + thousand + "x", limits)) ==
              Errc::body_too_large);
    }
    SECTION("a chunk of 2^64 - 1 bytes") {
        CHECK(failure(ask_one_that_says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                                        "ffffffffffffffff\r\nx",
                                        limits)) == Errc::body_too_large);
    }
}

TEST_CASE("a gibibyte announced costs no memory, whether it comes or not") {
    peak_kib();
    const auto before = peak_kib();
    SECTION("over the limit") {
        CHECK(
            failure(ask_one_that_says("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\nx")) ==
            Errc::body_too_large);
    }
    SECTION("under a limit that allows it") {
        auto limits = patient();
        limits.body_bytes = std::int64_t(4) << 30;
        CHECK(failure(ask_one_that_says("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\nx",
                                        limits)) == Errc::closed);
    }
    SECTION("endless chunks") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
            for (;;) tests::send(socket, chunk);
        });
        auto limits = patient();
        limits.body_bytes = 4 << 20;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::body_too_large);
    }
    SECTION("an endless body without length") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 200 OK\r\n\r\n");
            const std::string piece(0x4000, 'x');
            for (;;) tests::send(socket, piece);
        });
        auto limits = patient();
        limits.body_bytes = 4 << 20;
        CHECK(failure(ask(to(peer.port()), limits)) == Errc::body_too_large);
    }
    // What a sanitizer remembers of each byte counts, too.
    if (!tests::kSanitized) CHECK(peak_kib() - before < 32 << 10);
}

TEST_CASE("a header without end is refused") {
    for (const char* start : {"HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 ",
                              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x="}) {
        INFO(start);
        LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, start);
            const std::string piece(0x1000, 'y');
            for (;;) tests::send(socket, piece);
        });
        CHECK(failure(ask(to(peer.port()))) == Errc::malformed);
    }
}

TEST_CASE("endless header lines are refused") {
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 200 OK\r\n");
        for (;;) tests::send(socket, "a: b\r\n");
    });
    CHECK(failure(ask(to(peer.port()))) == Errc::malformed);
}

TEST_CASE("what is not HTTP is malformed") {
    for (const char* said :
         {"SSH-2.0-x\r\n", "\x16\x03\x01\x02\x03\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
          "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
          "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"}) {
        INFO(said);
        CHECK(failure(ask_one_that_says(said)) == Errc::malformed);
    }
}

TEST_CASE("an encoding that was not offered is malformed, one that changes nothing is not") {
    CHECK(failure(ask_one_that_says(
              "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nhi")) ==
          Errc::malformed);
    CHECK(ask_one_that_says(
              "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nhi")
              .has_value());
}
