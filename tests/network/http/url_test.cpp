#include "network/http/url.hpp"

#include "network/errc.hpp"

#include <catch2/catch.hpp>

using network::parse_http_url;
using network::redirected;
using network::to_text;

TEST_CASE("an address is taken apart, with the scheme's own port") {
    const auto plain = parse_http_url("http://example.org").value();
    CHECK(!plain.tls);
    CHECK(plain.host == "example.org");
    CHECK(plain.port == 80);
    CHECK(plain.target == "/");
    const auto full = parse_http_url("https://[::1]:8443/a%20b/c?d=e%2Ff#g").value();
    CHECK(full.tls);
    CHECK(full.host == "::1");
    CHECK(full.port == 8443);
    CHECK(full.target == "/a%20b/c?d=e%2Ff");
    CHECK(to_text(full) == "https://[::1]:8443/a%20b/c?d=e%2Ff");
    CHECK(parse_http_url("http://h?q=1").value().target == "/?q=1");
}

TEST_CASE("what is no address of HTTP is refused") {
    for (const char* text : {"", "example.org", "ftp://example.org/", "http://", "http:///x",
                             "https://user:word@example.org/", "http://h:0/", "http://h:70000/",
                             "http://h/a b", "http://h/\r\nx: y", "//h/x"}) {
        INFO(text);
        const auto url = parse_http_url(text);
        REQUIRE_FALSE(url.has_value());
        CHECK(url.error().code == network::Errc::malformed);
    }
    CHECK_FALSE(parse_http_url("http://h/" + std::string(9000, 'a')).has_value());
}

TEST_CASE("a redirect is followed from where it was found") {
    const auto base = parse_http_url("https://hub.example/owner/name/resolve/main/a.json").value();
    CHECK(to_text(redirected(base, "/api/x?y=1").value()) == "https://hub.example:443/api/x?y=1");
    CHECK(to_text(redirected(base, "b.json").value()) ==
          "https://hub.example:443/owner/name/resolve/main/b.json");
    CHECK(to_text(redirected(base, "https://cdn.example/f?Signature=a~b").value()) ==
          "https://cdn.example:443/f?Signature=a~b");
    CHECK(to_text(redirected(base, "//cdn.example/f").value()) == "https://cdn.example:443/f");
}

TEST_CASE("a redirect does not lead out of TLS, nor out of HTTP") {
    const auto base = parse_http_url("https://hub.example/a").value();
    CHECK_FALSE(redirected(base, "http://hub.example/a").has_value());
    CHECK_FALSE(redirected(base, "file:///etc/passwd").has_value());
    CHECK_FALSE(redirected(base, "ht tp://x").has_value());
}
