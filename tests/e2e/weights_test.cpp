// miner weights where there is no network, or must not be.
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"

#include <mutex>

using namespace tests;

TEST_CASE("offline, nothing is fetched and nobody is asked; what is here can still be listed") {
    const Scene scene;
    LoopbackPeer hub([](LoopbackPeer::Socket&) {});
    const auto endpoint = "http://127.0.0.1:" + std::to_string(hub.port());
    const auto fetch = scene.ask(
        {"weights", "fetch", "trellis-image-large", "--offline", "--weights.endpoint", endpoint});
    INFO(fetch.err);
    CHECK(fetch.exit_status == ProcessExit{.code = 69});
    CHECK_THAT(fetch.err, contains(endpoint));
    const auto list = scene.ask({"weights", "list", "--weights.endpoint", endpoint});
    INFO(list.err);
    CHECK(list.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(list.out, contains("trellis-text-xlarge"));
    CHECK(hub.connections() == 0);
}

TEST_CASE("the hub, the token and being offline come from the hub's own variables") {
    const Scene scene;
    std::mutex mutex;
    std::string heard;
    LoopbackPeer hub([&](LoopbackPeer::Socket& socket) {
        const auto request = read_request(socket);
        {
            const std::lock_guard lock(mutex);
            heard += request;
        }
        send(socket, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    const auto endpoint = "http://127.0.0.1:" + std::to_string(hub.port());
    const Scene::Words words{"weights", "fetch", "trellis-image-large"};
    const auto offline = scene.ask(words, {{"HF_ENDPOINT", endpoint}, {"HF_HUB_OFFLINE", "1"}});
    CHECK(offline.exit_status == ProcessExit{.code = 69});
    CHECK(hub.connections() == 0);
    const auto fetch = scene.ask(words, {{"HF_ENDPOINT", endpoint}, {"HF_TOKEN", "hf_abc"}});
    INFO(fetch.err);
    CHECK(fetch.exit_status == ProcessExit{.code = 69});
    CHECK_THAT(fetch.err, contains("401"));
    const std::lock_guard lock(mutex);
    CHECK_THAT(heard, contains("Bearer hf_abc"));
}
