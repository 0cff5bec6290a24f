#include "network/picture_service.hpp"

#include "network/base64.hpp"
#include "network/errc.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using network::Errc;
using namespace std::chrono_literals;

namespace {

config::Result<std::vector<std::uint8_t>> ask(std::uint16_t port, const std::string& path = "",
                                              std::chrono::milliseconds deadline = 20s) {
    network::PictureService::Options options;
    options.endpoint =
        network::parse_http_url("http://127.0.0.1:" + std::to_string(port) + path).value();
    options.model = "sd-turbo";
    options.side = 512;
    options.token = "s3cret";
    options.deadline = deadline;
    options.picture_bytes = 1 << 20;
    network::PictureService service(options);
    return tests::run(service.make("a \"red\" chair"));
}

Errc failure(const std::string& answer) {
    tests::LoopbackPeer peer(tests::answering(answer));
    const auto picture = ask(peer.port());
    REQUIRE(picture.has_error());
    return static_cast<Errc>(picture.error().code.value());
}

}  // namespace

TEST_CASE("a picture is asked for by the OpenAI images API and comes as bytes") {
    std::string seen;
    tests::LoopbackPeer peer([&](tests::LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, tests::http_ok(R"({"created":1,"data":[{"b64_json":"UE5H"}]})"));
    });
    const auto picture = ask(peer.port());
    CHECK(picture.value() == std::vector<std::uint8_t>{'P', 'N', 'G'});
    CHECK(seen.starts_with("POST /v1/images/generations HTTP/1.1"));
    CHECK(seen.find("Authorization: Bearer s3cret") != seen.npos);
    const auto body = boost::json::parse(seen.substr(seen.find("\r\n\r\n") + 4)).as_object();
    CHECK(body.at("prompt") == "a \"red\" chair");
    CHECK(body.at("size") == "512x512");
    CHECK(body.at("model") == "sd-turbo");
    CHECK(body.at("response_format") == "b64_json");
}

TEST_CASE("an endpoint with a path of its own is asked there") {
    std::string seen;
    tests::LoopbackPeer peer([&](tests::LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, tests::http_ok(R"({"data":[{"b64_json":"UE5H"}]})"));
    });
    CHECK(ask(peer.port(), "/sd/images").has_value());
    CHECK(seen.starts_with("POST /sd/images "));
}

TEST_CASE("a picture in a data: URI, or with line ends in its base64, is one all the same") {
    for (const char* text : {"data:image/png;base64,UE5H", "UE\\r\\n5H\\n"}) {
        tests::LoopbackPeer peer(tests::answering(
            tests::http_ok(R"({"data":[{"b64_json":")" + std::string(text) + R"("}]})")));
        CHECK(ask(peer.port()).value() == std::vector<std::uint8_t>{'P', 'N', 'G'});
    }
}

TEST_CASE("whatever else a server answers is refused") {
    CHECK(failure("HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n") == Errc::bad_status);
    for (const char* body : {"", "[]", "{}", R"({"data":[]})", R"({"data":[1]})",
                             R"({"data":[{"url":"http://x/y.png"}]})",
                             R"({"data":[{"b64_json":7}]})", R"({"data":[{"b64_json":""}]})",
                             R"({"data":[{"b64_json":"???"}]})", "[[[[[[[[[[[[]]]]]]]]]]]]"})
        CHECK(failure(tests::http_ok(body)) == Errc::malformed);
    // Which would take megabytes each.
    std::string lists = "{\"data\":[";
    for (int i = 0; i < 450'000; ++i) lists += "[],";
    CHECK(failure(tests::http_ok(lists + "[]]}")) == Errc::malformed);
    CHECK(failure(tests::http_ok(std::string(2 << 20, ' '))) == Errc::body_too_large);
}

TEST_CASE("a server that takes too long is given up") {
    tests::LoopbackPeer silent(
        [](tests::LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    CHECK(ask(silent.port(), "", 50ms).error().code == Errc::read_timeout);
}
