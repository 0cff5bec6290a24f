#include "miner/server/access.hpp"

#include "network/base64.hpp"
#include "tests/support/catch.hpp"

using miner::Access;

namespace {

const std::string kToken = "0123456789abcdef";

unsigned status(const Access& access, const std::string& path, network::HttpHeaders headers,
                const std::string& method = "GET") {
    network::ServerRequest request;
    request.method = method;
    request.target = path;
    request.headers = std::move(headers);
    const auto refused = access.refuse(request, path);
    return refused ? refused->status : 200;
}

std::string basic(const std::string& text) {
    return "Basic " + network::base64_encode(
                          {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("addresses to listen on are read as they are written") {
    CHECK(miner::parse_listen("127.0.0.1:8080").host == "127.0.0.1");
    CHECK(miner::parse_listen("127.0.0.1:8080").port == 8080);
    CHECK(miner::parse_listen("[::1]:0").host == "::1");
    CHECK(miner::parse_listen("[::1]:0").loopback());
    CHECK(miner::parse_listen("127.8.9.1:80").loopback());
    CHECK_FALSE(miner::parse_listen("0.0.0.0:80").loopback());
    CHECK_FALSE(miner::parse_listen("[::]:80").loopback());
    CHECK(miner::parse_listen("[::]:8080").host == "::");
    CHECK(miner::parse_listen("[::]:8080").port == 8080);
    CHECK(miner::parse_listen("[0:0::1]:80").loopback());
    CHECK(miner::parse_listen("[::ffff:127.0.0.1]:80").loopback());
    CHECK_FALSE(miner::parse_listen("[::ffff:10.0.0.1]:80").loopback());
    CHECK_FALSE(miner::parse_listen("[fe80::1%eth0]:80").loopback());
}

TEST_CASE("where signatures are taken, nobody is let in without one or the token") {
    for (const bool loopback : {true, false}) {
        const Access no_token("", loopback, true), both(kToken, loopback, true);
        for (const auto* path : {"/generate", "/metrics"}) {
            CHECK(status(no_token, path, {}) == 401);
            CHECK(status(no_token, path, {{"authorization", "Bearer "}}) == 401);
            CHECK(status(both, path, {}) == 401);
            CHECK(status(both, path, {{"authorization", "Bearer " + kToken}}) == 200);
        }
        CHECK(status(no_token, "/health", {}) == 200);
    }
}

TEST_CASE("health is told to everyone") {
    for (const auto* path : {"/health", "/ready", "/version"}) {
        CHECK(status({kToken, false}, path, {{"host", "evil.example"}}) == 200);
        CHECK(status({"", true}, path, {{"host", "10.1.2.3:8080"}}) == 200);
    }
}

TEST_CASE("with a token everything else wants it, as bearer or as password") {
    const Access access(kToken, false);
    const auto with = [&](const std::string& value) {
        return status(access, "/metrics", {{"authorization", value}});
    };
    CHECK(status(access, "/metrics", {}) == 401);
    CHECK(with("Bearer " + kToken) == 200);
    CHECK(with("Bearer " + kToken + "x") == 401);
    CHECK(with("Bearer " + kToken.substr(1)) == 401);
    CHECK(with("Bearer ") == 401);
    CHECK(with("bearer " + kToken) == 200);
    CHECK(with("BEARER   " + kToken) == 200);
    CHECK(with("Bearer" + kToken) == 401);
    CHECK(with("Bearer") == 401);
    CHECK(with("basic " + basic("anyone:" + kToken).substr(6)) == 200);
    CHECK(with(basic("anyone:" + kToken)) == 200);
    CHECK(with(basic("anyone:wrong")) == 401);
    CHECK(with(basic(kToken)) == 401);
    CHECK(with("Basic !!!") == 401);
    CHECK(status(access, "/generate", {}, "POST") == 401);
    CHECK(status(access, "/health/../metrics", {}) == 401);
}

TEST_CASE("without a token only those on this machine are let in, by its own name") {
    const Access access("", true);
    CHECK(status(access, "/", {{"host", "localhost:8080"}}) == 200);
    CHECK(status(access, "/", {{"host", "127.0.0.1:8080"}}) == 200);
    CHECK(status(access, "/", {{"host", "[::1]:8080"}}) == 200);
    CHECK(status(access, "/", {{"host", "evil.example:8080"}}) == 403);
    CHECK(status(access, "/", {{"host", "127.evil.example"}}) == 403);
    CHECK(status(access, "/", {{"host", "localhost.evil.example"}}) == 403);
    for (const char* same :
         {"LocalHost:8080", "localhost", "localhost:", "[0:0::1]:80", "127.8.9.1"})
        CHECK(status(access, "/", {{"host", same}}) == 200);
    for (const char* other :
         {"", "localhost@evil.example", "[::2]:80", "127.0.0.1.", "::1", "0.0.0.0"})
        CHECK(status(access, "/", {{"host", other}}) == 403);
}

TEST_CASE("without a token nothing but work is taken from other machines") {
    const Access access("", false);
    CHECK(status(access, "/generate", {{"host", "10.0.0.1:10006"}}, "POST") == 200);
    CHECK(status(access, "/metrics", {{"host", "10.0.0.1:10006"}}) == 403);
    CHECK(status(access, "/", {{"host", "localhost"}}) == 403);
}

TEST_CASE("another site's page cannot make a browser post") {
    const Access access("", true);
    const auto from = [&](const std::string& origin) {
        return status(access, "/generate", {{"host", "localhost:80"}, {"origin", origin}}, "POST");
    };
    CHECK(from("http://localhost:80") == 200);
    CHECK(from("https://evil.example") == 403);
    CHECK(from("null") == 403);
    CHECK(from("http://localhost") == 200);  // port 80 need not be said
    CHECK(from("HTTP://LOCALHOST") == 200);
    CHECK(from("http://localhost:81") == 403);
    CHECK(from("https://localhost") == 403);
    CHECK(from("") == 403);
    CHECK(status(access, "/generate", {{"host", "LOCALHOST"}, {"origin", "http://localhost"}},
                 "POST") == 200);
    CHECK(status(access, "/generate",
                 {{"host", "localhost"}, {"origin", "http://localhost"}, {"origin", "http://x"}},
                 "POST") == 403);
}
