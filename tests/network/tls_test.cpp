#include "network/tls.hpp"

#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "tests/network/certificate.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/ssl/stream.hpp>

#include <filesystem>
#include <fstream>

using network::Errc;
using network::Tls;
using namespace std::chrono_literals;

namespace {

namespace ssl = boost::asio::ssl;

// Answers each request over TLS with `body`.
tests::LoopbackPeer::Script over_tls(ssl::context& context, std::string body) {
    return [&context, body = std::move(body)](tests::LoopbackPeer::Socket& socket) {
        ssl::stream<tests::LoopbackPeer::Socket&> stream(socket, context);
        stream.handshake(ssl::stream_base::server);
        std::string text;
        boost::asio::read_until(stream, boost::asio::dynamic_buffer(text), "\r\n\r\n");
        boost::asio::write(stream,
                           boost::asio::buffer("HTTP/1.1 200 OK\r\ncontent-length: " +
                                               std::to_string(body.size()) + "\r\n\r\n" + body));
        boost::system::error_code ignored;
        stream.shutdown(ignored);
    };
}

config::Result<network::HttpAnswer> ask(std::uint16_t port, std::shared_ptr<const Tls> tls,
                                        std::string host = "127.0.0.1",
                                        std::chrono::milliseconds handshake = 20s) {
    network::HttpRequest request{.host = std::move(host), .port = port, .method = "GET"};
    request.tls = std::move(tls);
    network::HttpLimits limits;
    limits.resolve = limits.connect = limits.write = limits.read = 20s;
    limits.handshake = handshake;
    return tests::run(network::request(std::move(request), limits));
}

Errc failure(const config::Result<network::HttpAnswer>& answer) {
    REQUIRE_FALSE(answer.has_value());
    INFO(answer.error().message());
    return static_cast<Errc>(answer.error().code.value());
}

}  // namespace

TEST_CASE("a peer whose certificate is trusted and valid for its name is heard") {
    const auto certificate = tests::Certificate::make("DNS:localhost,IP:127.0.0.1");
    auto context = certificate.server();
    tests::LoopbackPeer peer(over_tls(context, "secret"));
    const auto tls = Tls::trusting(certificate.pem).value();
    CHECK(ask(peer.port(), tls).value().body == "secret");
    CHECK(ask(peer.port(), tls, "localhost").value().body == "secret");
}

TEST_CASE("a certificate of another host, of nobody known or of yesterday is refused") {
    const auto good = tests::Certificate::make("IP:127.0.0.1");
    const auto elsewhere = tests::Certificate::make("DNS:example.com,IP:127.0.0.2");
    const auto old = tests::Certificate::make("IP:127.0.0.1", -3600);
    const auto refused = [](const tests::Certificate& served, std::shared_ptr<const Tls> tls) {
        auto context = served.server();
        tests::LoopbackPeer peer(over_tls(context, "secret"));
        const auto answer = ask(peer.port(), std::move(tls));
        CHECK(failure(answer) == Errc::untrusted);
        return answer.error().detail;
    };
    using Catch::Contains;
    CHECK_THAT(refused(elsewhere, Tls::trusting(elsewhere.pem).value()),
               Contains("IP address mismatch"));
    CHECK_THAT(refused(good, Tls::system()), Contains("self-signed"));
    CHECK_THAT(refused(old, Tls::trusting(old.pem).value()), Contains("expired"));
}

TEST_CASE("what does not speak TLS is told so, and what says nothing is given up") {
    const auto tls = Tls::system();
    tests::LoopbackPeer plain([](tests::LoopbackPeer::Socket& socket) {
        tests::send(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
        tests::await_hang_up(socket);
    });
    CHECK(failure(ask(plain.port(), tls)) == Errc::not_tls);
    tests::LoopbackPeer silent(
        [](tests::LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    CHECK(failure(ask(silent.port(), tls, "127.0.0.1", 50ms)) == Errc::handshake_timeout);
}

TEST_CASE("the system's authorities are found where any usual distribution keeps them") {
    for (const auto* place : {"etc/ssl/certs/ca-certificates.crt",
                              "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/ca-bundle.pem"}) {
        const tests::TemporaryFolder root;
        CHECK(network::authorities_of(root.path()).empty());
        const auto file = root.path() / place;
        std::filesystem::create_directories(file);  // a folder is no file of certificates
        CHECK(network::authorities_of(root.path()).empty());
        std::filesystem::remove(file);
        std::ofstream(file) << "certificates";
        CHECK(network::authorities_of(root.path()) == file);
    }
}

TEST_CASE("authorities must be certificates") {
    const auto tls = Tls::trusting("not a certificate");
    REQUIRE_FALSE(tls.has_value());
    CHECK(tls.error().code == Errc::malformed);
}
