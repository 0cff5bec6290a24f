#include "network/http/url.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"

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

TEST_CASE("scheme and host are the same in any letter case, and an empty port is the usual one") {
    const auto url = parse_http_url("HTTPS://Hub.Example:/A").value();
    CHECK(url.tls);
    CHECK(url.host == "hub.example");
    CHECK(url.port == 443);
    CHECK(url.target == "/A");
    CHECK(url.same_origin(parse_http_url("https://hub.example:443/b").value()));
    CHECK_FALSE(url.same_origin(parse_http_url("http://hub.example:443/b").value()));
    CHECK(parse_http_url("http://h:/").value().port == 80);
    CHECK(parse_http_url("http://%68/").value().host == "h");
    CHECK(parse_http_url("http://[FE80::0:1]/").value().host == "fe80::1");
}

TEST_CASE("a Host header is a host, and a port if it is not the usual one") {
    const auto text = [](std::string_view host) {
        const auto named = network::parse_host(host);
        return named ? named->host + " " + std::to_string(named->port) : "none";
    };
    CHECK(text("h") == "h 0");
    CHECK(text("H.Example:8080") == "h.example 8080");
    CHECK(text("h:") == "h 0");
    CHECK(text("[::1]") == "::1 0");
    CHECK(text("[0:0::1]:81") == "::1 81");
    CHECK(text("127.0.0.1:1") == "127.0.0.1 1");
    for (const char* odd : {"", ":80", "h:0", "h:65536", "h:99999", "h:x", "h:1:2", "::1", "[::1",
                            "[::1]x", "me@h", "h/", "h?", "h#", "a b", "a\tb", "h\xc3\xa4"}) {
        INFO(odd);
        CHECK(text(odd) == "none");
    }
    CHECK(text(std::string(9000, 'h')) == "none");
}

TEST_CASE("what is no address of HTTP is refused") {
    for (const char* text : {"", "example.org", "ftp://example.org/", "http://", "http:///x",
                             "https://user:word@example.org/", "http://h:0/", "http://h:70000/",
                             "http://h:99999/", "http://h/a b", "http://h/\r\nx: y", "//h/x"}) {
        INFO(text);
        const auto url = parse_http_url(text);
        REQUIRE_FALSE(url.has_value());
        CHECK(url.error().code == network::Errc::malformed);
    }
    CHECK_FALSE(parse_http_url("http://h/" + std::string(9000, 'a')).has_value());
}

TEST_CASE("a host is no more than a host, however its characters are written") {
    for (const std::string host :
         {"a%2fb", "a%0d%0ab", "a%40b", "a%3a80", "a%00", "a%20b", "%C3%A4"}) {
        INFO(host);
        CHECK_FALSE(parse_http_url("http://" + host + "/").has_value());
        CHECK_FALSE(network::parse_host(host).has_value());
        const auto base = parse_http_url("https://hub.example/a").value();
        CHECK_FALSE(redirected(base, "https://" + host + "/").has_value());
    }
    CHECK(parse_http_url("http://a%2eb_c-d/").value().host == "a.b_c-d");
    CHECK_FALSE(parse_http_url("http://" + std::string(254, 'h') + "/").has_value());
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

TEST_CASE("keys in an address are shown to nobody") {
    const auto url = parse_http_url("https://h/v1/s3cretKey?token=s3cretKey").value();
    CHECK(network::shown(url) == "https://h:443/v1/***?token=***");
    for (const std::string text : {"https://user:s3cretKey@h/", "ftp://h/s3cretKey"})
        CHECK(parse_http_url(text).error().message().find("s3cretKey") == std::string::npos);
    const auto long_name = "https://s3cretKey" + std::string(300, 'k') + "@h/";
    CHECK(parse_http_url(long_name).error().message().find("s3cretKey") == std::string::npos);
}
