// What the client makes of answers, by RFC 9110 and 9112 and as aiohttp does, and what it sends;
// ops/docs/http_conformance.md names these cases.
#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "network/http/url.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <vector>

namespace asio = boost::asio;
using network::Errc;
using network::HttpAnswer;
using network::HttpLimits;
using network::HttpRequest;
using tests::LoopbackPeer;
using namespace std::chrono_literals;

namespace {

// Longer than a test may take.
HttpLimits patient() {
    HttpLimits limits;
    limits.resolve = limits.connect = limits.write = limits.read = 1h;
    limits.header_bytes = 2048;
    limits.body_bytes = 1000;
    return limits;
}

HttpRequest to(std::uint16_t port, const std::string& method = "POST") {
    HttpRequest request;
    request.host = "127.0.0.1";
    request.port = port;
    request.method = method;
    request.target = "/a?b=c";
    if (method == "POST") request.body = "{}";
    return request;
}

config::Result<HttpAnswer> ask(HttpRequest request, HttpLimits limits = patient()) {
    return tests::run(network::request(std::move(request), limits));
}

// "200 body", or what the error is called.
std::string outcome(const config::Result<HttpAnswer>& answer) {
    if (answer) return std::to_string(answer->status) + " " + answer->body;
    return answer.error().code.message();
}
std::string outcome_of(const std::string& said, const std::string& method = "POST") {
    LoopbackPeer peer(tests::answering(said));
    return outcome(ask(to(peer.port(), method)));
}

const std::string kMalformed = make_error_code(Errc::malformed).message();
const std::string kClosed = make_error_code(Errc::closed).message();
const std::string kTooLarge = make_error_code(Errc::body_too_large).message();
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct Row {
    std::string said;
    std::string outcome;
};

void check(const std::vector<Row>& rows) {
    for (const auto& [said, expected] : rows) {
        INFO(said.substr(0, 300));
        CHECK(outcome_of(said) == expected);
    }
}

std::string with_status(const std::string& line) {
    return line + "\r\nContent-Length: 5\r\n\r\nhello";
}
std::string with_lines(const std::string& lines, const std::string& body = "hello") {
    return "HTTP/1.1 200 OK\r\n" + lines + "\r\n\r\n" + body;
}

// Answers each connection with the next of `answers`, and keeps what was asked.
class Sequence {
public:
    explicit Sequence(std::vector<std::string> answers)
        : answers_(std::move(answers)), peer_([this](LoopbackPeer::Socket& socket) {
              seen_.push_back(tests::read_request(socket));
              tests::send(socket, answers_.at(std::min(seen_.size(), answers_.size()) - 1));
          }) {}
    std::uint16_t port() const { return peer_.port(); }
    int connections() const { return peer_.connections(); }
    const std::vector<std::string>& seen() const { return seen_; }  // once the client has ended

private:
    std::vector<std::string> answers_, seen_;
    LoopbackPeer peer_;
};

std::string moved(const std::string& status, const std::string& lines) {
    return "HTTP/1.1 " + status + " Moved\r\n" + lines + "Content-Length: 0\r\n\r\n";
}

}  // namespace

TEST_CASE("interim answers are passed over") {
    check({{"HTTP/1.1 100 Continue\r\n\r\n" + kOk, "200 hello"},
           {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + kOk, "200 hello"},
           {"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n" + kOk, "200 hello"},
           {"HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\n" + kOk, "200 hello"},
           {"HTTP/1.1 199 Odd\r\n\r\n\r\n" + kOk, "200 hello"},
           {"HTTP/1.1 100 Continue\r\n\r\n", kClosed},
           // Nobody has asked for another protocol.
           {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + kOk, kMalformed}});
}

TEST_CASE("interim answers without end are given up") {
    SECTION("many") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            for (;;) tests::send(socket, "HTTP/1.1 100 Continue\r\n\r\n");
        });
        CHECK(outcome(ask(to(peer.port()))) == kMalformed);
    }
    SECTION("and then silence") {
        LoopbackPeer peer([](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, "HTTP/1.1 102 Processing\r\n\r\n");
            tests::await_hang_up(socket);
        });
        auto limits = patient();
        limits.read = 30ms;
        CHECK(ask(to(peer.port()), limits).error().code == Errc::read_timeout);
    }
}

TEST_CASE("a status line may lack its reason, or be of a later minor version") {
    check({{with_status("HTTP/1.1 200 OK"), "200 hello"},
           {with_status("HTTP/1.1 200 "), "200 hello"},
           {with_status("HTTP/1.1 200"), "200 hello"},
           {with_status("HTTP/1.1 200 caf\xe9 \t au lait"), "200 hello"},
           {with_status("HTTP/1.0 200 OK"), "200 hello"},
           {with_status("HTTP/1.7 200 OK"), "200 hello"},
           {with_status("HTTP/1.1 599 Odd"), "599 hello"},
           {with_status("HTTP/1.1 999 Odd"), "999 hello"},
           {with_status("HTTP/2.0 200 OK"), kMalformed},
           {with_status("http/1.1 200 OK"), kMalformed},
           {with_status("HTTP/1.1 099 Odd"), kMalformed},
           {with_status("HTTP/1.1 20 OK"), kMalformed},
           {with_status("HTTP/1.1 2000 OK"), kMalformed},
           {with_status("HTTP/1.1  200 OK"), kMalformed},
           {with_status("HTTP/1.1\t200 OK"), kMalformed},
           {with_status("HTTP/1.1 200 a\x01"), kMalformed},
           {"\r\n\r\n" + kOk, "200 hello"}});
}

TEST_CASE("lines of an answer may end in LF alone, and blanks stand before a colon") {
    check({{"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "200 hello"},
           {"HTTP/1.1 200\nContent-Length: 5\n\r\nhello", "200 hello"},
           {with_lines("Content-Length : 5"), "200 hello"},
           {with_lines("Content-Length:5"), "200 hello"},
           {with_lines("CONTENT-LENGTH:\t5 "), "200 hello"},
           {with_lines("X: a\r\n b:\r\nContent-Length: 5"), "200 hello"},  // obs-fold
           {with_lines("Server: caf\xe9\r\nContent-Length: 5"), "200 hello"},
           {with_lines("X(y): a\r\nContent-Length: 5"), kMalformed},
           {with_lines("no header\r\nContent-Length: 5"), kMalformed},
           {with_lines(": a\r\nContent-Length: 5"), kMalformed},
           {with_lines("X: a\rb\r\nContent-Length: 5"), kMalformed},
           {with_lines(std::string("X: a\0b", 6) + "\r\nContent-Length: 5"), kMalformed},
           {with_lines(" X: a\r\nContent-Length: 5"), kMalformed}});
}

TEST_CASE("an answer's body is as long as its header says, or as it lasts") {
    check({{with_lines("Content-Length: 5"), "200 hello"},
           {with_lines("Content-Length: 5", "hello and more"), "200 hello"},
           {with_lines("Content-Length: 5\r\nContent-Length: 5"), "200 hello"},
           {with_lines("Content-Length: 5, 5"), "200 hello"},
           {with_lines("Content-Length: 5\r\nContent-Length: 6"), kMalformed},
           {with_lines("Content-Length: "), kMalformed},
           {with_lines("Content-Length: +5"), kMalformed},
           {with_lines("Content-Length: 99999999999999999999"), kMalformed},
           {with_lines("Content-Length: 9"), kClosed},
           {with_lines("Content-Length: 1001"), kTooLarge},
           {with_lines("Connection: keep-alive"), "200 hello"},
           {with_lines("X: a", std::string(1001, 'y')), kTooLarge},
           {with_lines("Transfer-Encoding: identity"), "200 hello"},
           {with_lines("Transfer-Encoding: "), "200 hello"}});
}

TEST_CASE("an answer that by its nature has no body has none, whatever its header says") {
    CHECK(outcome_of("HTTP/1.1 204 No Content\r\n\r\n") == "204 ");
    CHECK(outcome_of("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n") == "204 ");
    CHECK(outcome_of("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n") == "304 ");
    for (const char* lines : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
        // The peer does not close, so that a body would be waited for.
        LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
            tests::read_request(socket);
            tests::send(socket, with_lines(lines, ""));
            tests::await_hang_up(socket);
        });
        CHECK(outcome(ask(to(peer.port(), "HEAD"))) == "200 ");
    }
}

TEST_CASE("an answer's chunks are put together, extensions and trailers passed over") {
    const auto chunked = [](const std::string& body) {
        return with_lines("Transfer-Encoding: chunked", body);
    };
    check({{chunked("5\r\nhello\r\n0\r\n\r\n"), "200 hello"},
           {chunked("2;e=\"q\"\r\nhe\r\n03\r\nllo\r\n0\r\nX-T: 1\r\n\r\n"), "200 hello"},
           {with_lines("transfer-encoding: , CHUNKED", "5\r\nhello\r\n0\r\n\r\n"), "200 hello"},
           {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "200 hello"},
           {chunked("5\r\nhello\r\n0\r\n"), kClosed},
           {chunked("5\r\nhel"), kClosed},
           {chunked("g\r\n"), kMalformed},
           {chunked("10000000000000000\r\n"), kMalformed},
           {chunked("ffffffffffffffff\r\n"), kTooLarge},
           {chunked("5\r\nhelloX\r\n0\r\n\r\n"), kMalformed},
           {chunked("5\nhello\r\n0\r\n\r\n"), kMalformed},
           {with_lines("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"), kMalformed},
           {with_lines("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), kMalformed},
           {with_lines("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), kMalformed},
           {with_lines("Transfer-Encoding: gzip"), kMalformed},
           {with_lines("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), kMalformed}});
}

TEST_CASE("trailers of an answer are no headers, and those without end are given up") {
    LoopbackPeer peer(tests::answering(
        with_lines("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n")));
    const auto answer = ask(to(peer.port()));
    REQUIRE(answer.has_value());
    CHECK_FALSE(network::find_header(answer->headers, "x-late"));

    LoopbackPeer endless([](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, with_lines("Transfer-Encoding: chunked", "0\r\n"));
        for (;;) tests::send(socket, "X-Late: 1\r\n");
    });
    CHECK(outcome(ask(to(endless.port()))) == kMalformed);
}

TEST_CASE("a content coding that is none is none, another was not offered") {
    for (const char* none : {"", ",", "identity", "Identity", "identity, identity"}) {
        INFO(none);
        CHECK(outcome_of(with_lines("Content-Length: 5\r\nContent-Encoding: " +
                                    std::string(none))) == "200 hello");
    }
    for (const char* coded : {"gzip", "identity, gzip", "identity\r\nContent-Encoding: br"})
        CHECK(outcome_of(with_lines("Content-Length: 5\r\nContent-Encoding: " +
                                    std::string(coded))) == kMalformed);
}

TEST_CASE("a request that moved within its server is sent again as it was, once") {
    for (const std::string status : {"307", "308"})
        for (const std::string location : {"/there?d", "there?d", "//127.0.0.1:PORT/there?d",
                                           "HTTP://127.0.0.1:PORT/there?d#e"}) {
            INFO(status << " " << location);
            std::string where = location;
            std::vector<std::string> seen;
            LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
                seen.push_back(tests::read_request(socket));
                if (const auto at = where.find("PORT"); at != where.npos)
                    where.replace(at, 4, std::to_string(socket.local_endpoint().port()));
                tests::send(socket,
                            seen.size() == 1 ? moved(status, "Location: " + where + "\r\n") : kOk);
            });
            auto request = to(peer.port());
            request.headers = {{"X-Signed", "s"}};
            CHECK(outcome(ask(request)) == "200 hello");
            REQUIRE(seen.size() == 2);
            CHECK(seen[1].starts_with("POST /there?d HTTP/1.1\r\n"));
            // But for the target it is the same, byte for byte.
            CHECK(seen[1].substr(seen[1].find("\r\n")) == seen[0].substr(seen[0].find("\r\n")));
        }
    Sequence again({moved("307", "Location: /x\r\n")});
    CHECK(outcome(ask(to(again.port()))) == "307 ");
    CHECK(again.connections() == 2);
}

TEST_CASE("a request is never sent to another server, nor in another way") {
    LoopbackPeer other(tests::answering(kOk));
    const auto port = std::to_string(other.port());
    for (const auto& [status, lines] : std::vector<std::pair<std::string, std::string>>{
             {"307", "Location: http://127.0.0.1:" + port + "/\r\n"},
             {"308", "Location: //localhost:" + port + "/\r\n"},
             {"307", "Location: https://127.0.0.1/\r\n"},
             {"307", "Location: http://me@127.0.0.1:" + port + "/\r\n"},
             {"307", "Location: /a\r\nLocation: /b\r\n"},
             {"307", "Location: http://[\r\n"},
             {"307", ""},
             {"301", "Location: /a\r\n"},
             {"302", "Location: /a\r\n"},
             {"303", "Location: /a\r\n"}}) {
        INFO(status << " " << lines);
        Sequence here({moved(status, lines), kOk});
        CHECK(outcome(ask(to(here.port()))) == status + " ");
        CHECK(here.connections() == 1);
    }
    CHECK(other.connections() == 0);
}

TEST_CASE("what a request says of its connection and its host is what HTTP wants") {
    Sequence peer({kOk});
    auto request = to(peer.port());
    request.headers = {{"Connection", "keep-alive"}, {"Host", "elsewhere"}};
    REQUIRE(ask(request).has_value());
    const auto seen = peer.seen().at(0);
    CHECK(seen.starts_with("POST /a?b=c HTTP/1.1\r\n"));
    CHECK(seen.find("Connection: close\r\n") != seen.npos);
    CHECK(seen.find("keep-alive") == seen.npos);
    CHECK(seen.find("Content-Length: 2\r\n") != seen.npos);
    CHECK(seen.find("Host: 127.0.0.1:" + std::to_string(peer.port()) + "\r\n") != seen.npos);

    CHECK(network::host_field("h", 80, false) == "h");
    CHECK(network::host_field("h", 443, true) == "h");
    CHECK(network::host_field("h", 443, false) == "h:443");
    CHECK(network::host_field("::1", 80, false) == "[::1]");
    CHECK(network::host_field("::1", 81, false) == "[::1]:81");
}

TEST_CASE("a request with a part that HTTP has no place for is not sent") {
    LoopbackPeer peer(tests::answering(kOk));
    const auto refused = [&](auto change) {
        auto request = to(peer.port());
        change(request);
        const auto answer = ask(std::move(request));
        return !answer && answer.error().code == Errc::malformed;
    };
    CHECK(refused([](HttpRequest& r) { r.method = "CONNECT"; }));
    CHECK(refused([](HttpRequest& r) { r.method = "GE(T"; }));
    CHECK(refused([](HttpRequest& r) { r.target = "/a#b"; }));
    CHECK(refused([](HttpRequest& r) { r.target = "http://127.0.0.1/"; }));
    CHECK(refused([](HttpRequest& r) { r.target = "*"; }));
    CHECK(refused([](HttpRequest& r) { r.host = "127.0.0.1/a"; }));
    CHECK(refused([](HttpRequest& r) { r.host = "me@127.0.0.1"; }));
    CHECK(refused([](HttpRequest& r) { r.headers = {{"X(y)", "a"}}; }));
    CHECK(refused([](HttpRequest& r) { r.headers = {{"Transfer-Encoding", "chunked"}}; }));
    CHECK(peer.connections() == 0);
}
