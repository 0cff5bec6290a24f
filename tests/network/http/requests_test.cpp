// What the server makes of requests, by RFC 9110 and 9112; ops/docs/http_conformance.md names these
// cases.
#include "tests/network/http/mirror.hpp"
#include "tests/support/catch.hpp"

#include <utility>

using tests::check;
using tests::kPatient;
using tests::mirror;
using tests::say;
using tests::Served;
using tests::with_body;
using tests::with_host;
using tests::with_line;
using tests::with_start;

TEST_CASE("lines end in CRLF, and empty ones ahead of a request are passed over") {
    check({{"\r\n" + with_line("X: a"), "200"},
           {"\r\n\r\n\r\n" + with_line("X: a"), "200"},
           {"GET / HTTP/1.1\nHost: h\n\n", "400"},
           {"GET / HTTP/1.1\r\nHost: h\nX: a\r\n\r\n", "400"},
           {with_line("X: a\rb"), "400"},
           {with_line("X: a\nConnection: keep-alive"), "400"},
           {std::string(3000, '\n'), "431"}});
}

TEST_CASE("the start line is method, target and version with one blank between them") {
    check({{with_start("GET / HTTP/1.1"), "200 GET / "},
           {with_start("GET  / HTTP/1.1"), "400"},
           {with_start("GET / HTTP/1.1 "), "400"},
           {with_start("GET\t/\tHTTP/1.1"), "400"},
           {with_start(" GET / HTTP/1.1"), "400"},
           {with_start("get / HTTP/1.1"), "200 get / "},
           {with_start("M-SEARCH / HTTP/1.1"), "200 M-SEARCH / "},
           {with_start("G@T / HTTP/1.1"), "400"},
           {with_start("G(T / HTTP/1.1"), "400"},
           {"nonsense\r\n", "400"},
           {"\x16\x03\x01\x02", "400"}});
}

TEST_CASE("a minor version beyond 1 is taken for 1, a later version is not spoken") {
    check({{with_start("GET / HTTP/1.2"), "200"},
           {with_start("GET / HTTP/1.9"), "200"},
           {with_start("GET / HTTP/2.0"), "505"},
           {with_start("GET / HTTP/3.1"), "505"},
           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
           {with_start("GET / HTTP/0.9"), "400"},
           {"GET /\r\n", "400"},
           {with_start("GET / http/1.1"), "400"},
           {with_start("GET / HTTP/1.1.1"), "400"},
           {with_start("GET / HTTP/11"), "400"}});
}

TEST_CASE("a start line, a header or a body that is too long is told which it was") {
    const std::string long_text(3000, 'y');
    check({{"GET /" + long_text + " HTTP/1.1\r\n", "414"},
           {"GET /" + long_text, "414"},
           {long_text, "414"},
           {with_line("X: " + long_text), "431"},
           {"GET / HTTP/1.1\r\nX: " + long_text, "431"},
           {"GET / HTTP/1.1\r\nHost: h\r\n" +
                [] {
                    std::string many;
                    for (int i = 0; i < 1000; ++i) many += "a:\r\n";
                    return many;
                }(),
            "431"},
           {with_body("Content-Length: 1001", ""), "413"},
           {with_body("Content-Length: 18446744073709551615", ""), "413"},
           {with_body("Transfer-Encoding: chunked", "3e9\r\n"), "413"},
           {with_body("Transfer-Encoding: chunked", "ffffffffffffffff\r\n"), "413"}});
}

TEST_CASE("there is one Host, and it is one") {
    check({{with_host("Host: h\r\n"), "200 GET / at h:"},
           {with_host("hOST: H:80\r\n"), "200 GET / at H:80:"},
           {with_host("Host: [::1]:8080\r\n"), "200 GET / at [::1]:8080:"},
           {with_host("Host:\r\n"), "200"},
           {with_host(""), "400"},
           {with_host("Host: h\r\nHost: h\r\n"), "400"},
           {with_host("Host: h\r\nhost: other\r\n"), "400"},
           {with_host("Host: a b\r\n"), "400"},
           {with_host("Host: user@h\r\n"), "400"},
           {with_host("Host: h/path\r\n"), "400"},
           {with_host("Host: h, other\r\nX: a\r\n"), "400"},
           {with_host("Host: h:99999\r\n"), "400"},
           {with_host("Host: h:80:80\r\n"), "400"},
           {with_host("Host: ::1\r\n"), "400"},
           {"GET / HTTP/1.0\r\n\r\n", "200"},
           {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"}});
}

TEST_CASE("a target in absolute form is taken, and its host counts") {
    check(
        {{with_start("GET http://other.example/a?b=c HTTP/1.1"),
          "200 GET /a?b=c at other.example:"},
         {with_start("GET HTTP://Other.Example:8080 HTTP/1.1"), "200 GET / at other.example:8080:"},
         {with_start("GET http://other.example:80?q HTTP/1.1"), "200 GET /?q at other.example:"},
         {with_start("GET https://other.example/ HTTP/1.1"), "200 GET / at other.example:"},
         {with_start("GET http://[::1]:81/ HTTP/1.1"), "200 GET / at [::1]:81:"},
         {"GET http://other.example/ HTTP/1.0\r\n\r\n", "200 GET / at other.example:"},
         {with_start("OPTIONS http://other.example HTTP/1.1"), "200 OPTIONS * at other.example:"},
         {"GET http://other.example/ HTTP/1.1\r\n\r\n", "400"},  // a Host has to come all the same
         {with_start("GET http://user@other.example/ HTTP/1.1"), "400"},
         {with_start("GET ftp://other.example/ HTTP/1.1"), "400"},
         {with_start("GET http:///a HTTP/1.1"), "400"}});
}

TEST_CASE("other forms of target are taken where they mean something") {
    check({{with_start("OPTIONS * HTTP/1.1"), "200 OPTIONS * "},
           {with_start("GET * HTTP/1.1"), "400"},
           {with_start("GET h:80 HTTP/1.1"), "400"},
           {with_start("CONNECT h:80 HTTP/1.1"), "501"},
           {with_start("GET a/b HTTP/1.1"), "400"},
           {with_start("GET ?q HTTP/1.1"), "400"},
           {with_start("GET /a#b HTTP/1.1"), "400"},
           {with_start("GET /\xc3\xa4 HTTP/1.1"), "400"},
           {with_start("GET /a%20b?c=%C3%A4 HTTP/1.1"), "200 GET /a%20b?c=%C3%A4 "},
           {with_start("GET //a/./../b HTTP/1.1"), "200 GET //a/./../b "}});
}

TEST_CASE("a header line is a name, a colon and a value") {
    check({{with_line("X:a"), "200 GET / at h:  x=a"},
           {with_line("X: \t a b \t "), "200 GET / at h:  x=a b"},
           {with_line("X:"), "200 GET / at h:  x="},
           {with_line("X: caf\xe9"), "200 GET / at h:  x=caf\xe9"},
           {with_line("X: a\r\n b\r\n\t c"), "200 GET / at h:  x=a b c"},  // obs-fold
           {with_line("X : a"), "400"},
           {with_line("X\t: a"), "400"},
           {with_line(": a"), "400"},
           {with_line("X"), "400"},
           {with_line("X(y): a"), "400"},
           {with_line("X\xe9: a"), "400"},
           {with_line(std::string("X: a\0b", 6)), "400"},
           {with_line("X: a\x7f"), "400"},
           {with_line("X: a\x1b[2J"), "400"},
           {"GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", "400"}});
}

TEST_CASE("a body is as long as Content-Length says, or the request is refused") {
    const std::string took = "200 POST / at h: hello ";
    check({{with_body("Content-Length: 5", "hello"), took},
           {with_body("Content-Length: 005", "hello"), took},
           {with_body("Content-Length: 5\r\nContent-Length: 5", "hello"), took},
           {with_body("Content-Length: 5, 5", "hello"), took},
           {with_body("Content-Length: 5\r\nContent-Length: 6", "hello!"), "400"},
           {with_body("Content-Length: 5, 6", "hello!"), "400"},
           {with_body("Content-Length:", ""), "400"},
           {with_body("Content-Length: +5", "hello"), "400"},
           {with_body("Content-Length: -5", "hello"), "400"},
           {with_body("Content-Length: 0x5", "hello"), "400"},
           {with_body("Content-Length: 5 5", "hello"), "400"},
           {with_body("Content-Length: 5,", "hello"), "400"},
           {with_body("Content-Length: 99999999999999999999", "hello"), "400"},
           {with_body("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), "400"},
           {with_body("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"), "400"},
           {with_body("X: a", ""), "200 POST / at h:  "}});
}

TEST_CASE("a body of which it is not certain where it ends is no beginning of a next request") {
    // Each of these would smuggle the second request past whoever reads the header otherwise.
    const std::string second = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    Served served(mirror, kPatient);
    for (const char* framing :
         {"Transfer-Encoding: gzip", "Transfer-Encoding: identity", "Transfer-Encoding:",
          "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked, gzip",
          "Transfer-Encoding: gzip\r\nContent-Length: 5", "Transfer-Encoding: \"chunked\"",
          "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked;q=1"}) {
        INFO(framing);
        const auto answers = say(served.port(), "POST / HTTP/1.1\r\nHost: h\r\n" +
                                                    std::string(framing) + "\r\n\r\n" + second);
        CHECK(answers.starts_with("HTTP/1.1 400"));
        CHECK(answers.find("/smuggled") == answers.npos);
    }
    check({{with_body("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), "501"},
           {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"}});
}

TEST_CASE("chunks are put together, extensions and trailers passed over") {
    const auto chunked = [](const std::string& body) {
        return with_body("Transfer-Encoding: chunked", body);
    };
    const std::string took = "200 POST / at h: hello ";
    check({{chunked("5\r\nhello\r\n0\r\n\r\n"), took},
           {chunked("2\r\nhe\r\n0003\r\nllo\r\n000\r\n\r\n"), took},
           {chunked("A\r\n0123456789\r\n0\r\n\r\n"), "200 POST / at h: 0123456789 "},
           {chunked("5;a;b=c;d=\"e;\\\"f\"\r\nhello\r\n0;z\r\n\r\n"), took},
           {chunked("5\r\nhello\r\n0\r\nX: late\r\nTrailer: y\r\n\r\n"), took + "x=-"},
           {with_body("transfer-encoding: , Chunked ,", "5\r\nhello\r\n0\r\n\r\n"), took},
           {chunked("g\r\n"), "400"},
           {chunked("-5\r\nhello\r\n"), "400"},
           {chunked("0x5\r\nhello\r\n\r\n"), "400"},
           {chunked("\r\nhello\r\n"), "400"},
           {chunked("10000000000000000\r\nhello\r\n"), "400"},
           {chunked("5\nhello\r\n0\r\n\r\n"), "400"},
           {chunked("5\r\nhelloX\r\n0\r\n\r\n"), "400"},
           {chunked("5;\x01\r\nhello\r\n0\r\n\r\n"), "400"},
           {chunked("5\r\nhello\r\n0\r\nno trailer\r\n\r\n"), "400"}});
}

TEST_CASE("chunk extensions and trailers without end are refused") {
    for (const std::string start : {"5;x=", "0\r\nX: "}) {
        INFO(start);
        Served served(mirror, kPatient);
        CHECK(say(served.port(),
                  with_body("Transfer-Encoding: chunked", start + std::string(200'000, 'y')))
                  .starts_with("HTTP/1.1 400"));
    }
}

TEST_CASE("a connection carries on or ends as its last request says") {
    Served served(mirror, kPatient);
    const auto answers_to_two = [&](const std::string& first) {
        const auto said = say(served.port(), first + with_line("X: a"));
        std::size_t answers = 0;
        for (auto at = said.find("HTTP/1.1 "); at != said.npos; at = said.find("HTTP/1.1 ", at + 1))
            ++answers;
        return std::pair(answers, said.find("Connection: close") != said.npos);
    };
    const auto line = [](const std::string& connection) {
        return "GET / HTTP/1.1\r\nHost: h\r\n" + connection + "\r\n";
    };
    for (const char* stays :
         {"", "Connection: keep-alive\r\n", "Connection: , keep-alive,, x,\r\n", "Connection:\r\n"})
        CHECK(answers_to_two(line(stays)).first == 2);
    for (const char* ends :
         {"Connection: close\r\n", "Connection: CLOSE\r\n", "Connection: keep-alive, close\r\n",
          "Connection: , close ,\r\n", "Connection: x\r\nConnection: close\r\n"}) {
        INFO(ends);
        CHECK(answers_to_two(line(ends)) == std::pair(std::size_t(1), true));
    }
    // HTTP/1.0 knows no chunks, so that nothing is gained by keeping it.
    CHECK(answers_to_two("GET / HTTP/1.0\r\n\r\n") == std::pair(std::size_t(1), true));
    CHECK(answers_to_two("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") ==
          std::pair(std::size_t(1), true));
    // What was refused by its head may have a body that nobody has read.
    CHECK(answers_to_two("GET / HTTP/1.1\r\n\r\n") == std::pair(std::size_t(1), true));
}

TEST_CASE("a request for another protocol or coding is answered in this one") {
    check({{with_line("Upgrade: h2c"), "200"},
           {with_line("TE: trailers, gzip;q=0.5"), "200"},
           {with_line("Accept-Encoding: gzip"), "200"},
           {with_line("Content-Encoding: gzip"), "200"}});
}
