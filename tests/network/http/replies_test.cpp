// What the server says, and when, by RFC 9110 and 9112; ops/docs/http_conformance.md names these
// cases.
#include "tests/network/http/mirror.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <regex>

namespace asio = boost::asio;
using network::HttpServer;
using network::ServerReply;
using network::ServerRequest;
using tests::check;
using tests::first_answer;
using tests::kPatient;
using tests::LoopbackPeer;
using tests::mirror;
using tests::say;
using tests::Served;
using tests::with_line;
using tests::with_start;
using Reply = HttpServer::Reply;
using namespace std::chrono_literals;

TEST_CASE("whoever waits to be told to go on is told") {
    Served served(mirror, kPatient);
    asio::io_context io;
    LoopbackPeer::Socket client(io);
    client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
    tests::send(client,
                "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-Continue\r\n"
                "Content-Length: 5\r\n\r\n");
    std::string answer;
    asio::read_until(client, asio::dynamic_buffer(answer), "\r\n\r\n");
    CHECK(answer == "HTTP/1.1 100 Continue\r\n\r\n");
    tests::send(client, "hello");
    answer.clear();
    boost::system::error_code error;
    asio::read(client, asio::dynamic_buffer(answer), error);
    CHECK(first_answer(answer).starts_with("200 POST / at h: hello"));
}

TEST_CASE("whoever need not wait, or knows nothing of it, is not told to go on") {
    const std::string expecting = "Host: h\r\nConnection: close\r\nExpect: 100-continue\r\n";
    check({// The body has begun, or there is none.
           {"POST / HTTP/1.1\r\n" + expecting + "Content-Length: 5\r\n\r\nhello",
            "200 POST / at h: hello"},
           {"POST / HTTP/1.1\r\n" + expecting + "Content-Length: 0\r\n\r\n", "200"},
           {"GET / HTTP/1.1\r\n" + expecting + "\r\n", "200"},
           // The final answer is known already.
           {"POST / HTTP/1.1\r\n" + expecting + "Content-Length: 1001\r\n\r\n", "413"},
           {with_line("Expect: 200-ok"), "417"},
           {with_line("Expect: 100-continue, rain"), "417"},
           {with_line("Expect: ,"), "200"},
           {"GET / HTTP/1.0\r\nExpect: rain\r\n\r\n", "200"}});

    std::atomic<bool> screened = false;
    Served served(
        [](ServerRequest request) -> asio::awaitable<Reply> { co_return Reply{mirror(request)}; },
        [&](ServerRequest&, std::int64_t&) {
            screened = true;
            return std::optional<ServerReply>();
        },
        kPatient);
    asio::io_context io;
    LoopbackPeer::Socket client(io);
    client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
    tests::send(client, "POST / HTTP/1.0\r\n" + expecting + "Content-Length: 5\r\n\r\n");
    CHECK(tests::eventually([&] { return screened.load(); }));
    tests::send(client, "hello");
    std::string answer;
    boost::system::error_code error;
    asio::read(client, asio::dynamic_buffer(answer), error);
    CHECK(first_answer(answer).starts_with("200 POST / at h: hello"));
}

TEST_CASE("to a HEAD goes the header of a GET, whoever answers") {
    const std::string head = "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    Served served(mirror, kPatient);
    const auto answer = say(served.port(), head);
    CHECK(answer.find("Content-Length: 17\r\n") != answer.npos);
    CHECK(answer.ends_with("\r\n\r\n"));

    std::atomic<int> begun = 0;
    Served streaming(
        [&](ServerRequest) -> asio::awaitable<Reply> {
            co_return Reply{ServerReply{200, {}, {}},
                            [&](HttpServer::Writer& writer) -> asio::awaitable<void> {
                                ++begun;
                                co_await writer.write("hello");
                            }};
        },
        {}, kPatient);
    const auto streamed = say(streaming.port(), head);
    CHECK(streamed.find("Transfer-Encoding: chunked\r\n") != streamed.npos);
    CHECK(streamed.find("Content-Length") == streamed.npos);
    CHECK(streamed.ends_with("\r\n\r\n"));
    CHECK(begun == 0);

    const auto older = say(streaming.port(), "GET / HTTP/1.0\r\n\r\n");
    CHECK(older.find("Transfer-Encoding") == older.npos);
    CHECK(older.find("Connection: close\r\n") != older.npos);
    CHECK(older.ends_with("\r\n\r\nhello"));
}

TEST_CASE("an answer without body has no length either, and every answer has a date") {
    Served served(
        [](const ServerRequest& request) {
            return ServerReply{request.target == "/204" ? 204u : 304u, {}, "body"};
        },
        kPatient);
    for (const std::string status : {"204", "304"}) {
        const auto answer = say(served.port(), with_start("GET /" + status + " HTTP/1.1"));
        CHECK(answer.starts_with("HTTP/1.1 " + status));
        CHECK(answer.find("Content-Length") == answer.npos);
        CHECK(answer.ends_with("\r\n\r\n"));
        static const std::regex date(
            "Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
            "[0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n");
        CHECK(std::regex_search(answer, date));
    }
    CHECK(say(served.port(), "GET / HTTP/1.1\r\n\r\n").find("Date: ") != std::string::npos);
}

TEST_CASE("who stops in the middle of a request is told that it took too long") {
    Served served(mirror, {.idle = 30ms, .read = 30ms});
    const auto told = [&](const std::string& text) {
        return tests::eventually([&] {
            const auto answer = say(served.port(), text);
            return answer.starts_with("HTTP/1.1 408 ") &&
                   answer.find("Connection: close\r\n") != answer.npos;
        });
    };
    CHECK(told("GET / HTT"));
    CHECK(told("GET / HTTP/1.1\r\nHost: h\r\n"));
    CHECK(told("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf"));
    CHECK(told("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"));
    CHECK(say(served.port(), "") == "");
    CHECK(say(served.port(), "\r\n") == "");
}

TEST_CASE("a hang-up is noticed behind bytes of a next request") {
    for (const std::size_t ahead : {0, 1, 60'000}) {
        std::atomic<int> begun = 0, ended = 0;
        Served served(tests::waiting(begun, ended), {}, kPatient);
        asio::io_context io;
        LoopbackPeer::Socket client(io);
        client.connect({asio::ip::make_address("127.0.0.1"), served.port()});
        tests::send(client, with_line("X: a") + std::string(ahead, '\n'));
        CHECK(tests::eventually([&] { return begun == 1; }));
        CHECK(ended == 0);
        client.close();
        CHECK(tests::eventually([&] { return ended == 1; }));
    }
}
