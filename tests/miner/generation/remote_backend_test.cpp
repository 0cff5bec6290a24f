// A remote backend by itself, and peers that answer as a test says.
#include "miner/generation/remote_backend.hpp"

#include "network/errc.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using miner::RemoteBackend;
using tests::LoopbackPeer;

namespace {

// Of /health, by a miner with that many places of which so many are free, or by another server
// (-1).
std::string healthy(int places, int free) {
    const std::string body = R"({"status":"healthy"})";
    const auto report = places < 0
                            ? std::string()
                            : "X-Miner-Instance: a\r\nX-Miner-Places: " + std::to_string(places) +
                                  "\r\nX-Miner-Free: " + std::to_string(free) + "\r\n";
    return "HTTP/1.1 200 OK\r\n" + report + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

// Runs `story` with a backend at that peer, which has not been asked anything.
void with_backend(const LoopbackPeer& peer, RemoteBackend::Options options,
                  std::function<boost::asio::awaitable<void>(RemoteBackend&)> story) {
    miner::Lanes lanes;
    config::Logger log(config::Level::info, false, [](std::string_view) {});
    options.url =
        network::parse_http_url("http://127.0.0.1:" + std::to_string(peer.port())).value();
    RemoteBackend backend(lanes, log, std::move(options));
    const auto all = [&]() -> boost::asio::awaitable<void> {
        auto telling = story(backend);
        co_await std::move(telling);
        auto closing = backend.close();
        co_await std::move(closing);
    };
    tests::run(all());
}

boost::asio::awaitable<void> refuse(RemoteBackend& backend, const char* seconds) {
    auto tries = backend.begin_tries(false);
    network::HttpAnswer answer{.status = 429, .headers = {{"retry-after", seconds}}, .body = {}};
    const std::stop_token never;
    auto refusing = backend.refused(tries, std::move(answer), never);
    const bool again = co_await std::move(refusing);
    CHECK_FALSE(again);
}

}  // namespace

TEST_CASE("a backend that is full for long takes on no more, until it says that it has room") {
    std::atomic<int> free = 1;
    const LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, healthy(1, free));
    });
    RemoteBackend::Options options;
    options.long_full = 0s;
    with_backend(peer, std::move(options),
                 [&](RemoteBackend& backend) -> boost::asio::awaitable<void> {
                     co_await backend.check();
                     CHECK(backend.able());
                     CHECK(backend.has_room());
                     free = 0;
                     co_await refuse(backend, "300");
                     co_await backend.check();
                     CHECK_FALSE(backend.able());
                     CHECK_FALSE(backend.has_room());
                     CHECK(backend.is_there());  // what waits for it may go on waiting
                     free = 1;
                     co_await backend.check();
                     CHECK(backend.able());
                     CHECK(backend.has_room());
                 });
}

TEST_CASE("a backend that has just become full takes on more, which may wait") {
    const LoopbackPeer peer(tests::answering(healthy(-1, 0)));
    with_backend(peer, {}, [&](RemoteBackend& backend) -> boost::asio::awaitable<void> {
        co_await backend.check();
        co_await refuse(backend, "300");
        CHECK(backend.able());
        CHECK_FALSE(backend.has_room());
    });
}

TEST_CASE("an address that another server has now is not taken for the miners that were there") {
    std::atomic<bool> moved = false;
    const LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, healthy(moved ? -1 : 3, 3));
    });
    with_backend(peer, {}, [&](RemoteBackend& backend) -> boost::asio::awaitable<void> {
        co_await backend.check();
        CHECK(backend.places() == 3);
        moved = true;
        co_await backend.check();
        CHECK(backend.able());
        CHECK(backend.places() == 1);
        // It is no fleet of which others may be left: one that fails rests.
        auto tries = backend.begin_tries(false);
        const std::stop_token never;
        auto error = config::fail(network::Errc::closed, "as a test says");
        const int asked = peer.connections();
        auto losing = backend.lost(tries, std::move(error), "", never);
        const bool again = co_await std::move(losing);
        CHECK_FALSE(again);
        CHECK(peer.connections() == asked);
        CHECK_FALSE(backend.able());
    });
}
