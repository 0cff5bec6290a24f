// miner weights where there is no network, or must not be.
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"

using namespace tests;

TEST_CASE("offline, nothing is fetched and nobody is asked; what is here can still be listed") {
    const Scene scene;
    LoopbackPeer hub([](LoopbackPeer::Socket&) {});
    const auto endpoint = "http://127.0.0.1:" + std::to_string(hub.port());
    const auto fetch = scene.ask(
        {"weights", "fetch", "trellis-image-large", "--offline", "--weights.endpoint", endpoint});
    INFO(fetch.err);
    CHECK(fetch.ending == Ending{.code = 69});
    CHECK_THAT(fetch.err, contains(endpoint));
    const auto list = scene.ask({"weights", "list", "--weights.endpoint", endpoint});
    INFO(list.err);
    CHECK(list.ending == Ending{.code = 0});
    CHECK_THAT(list.out, contains("trellis-text-xlarge"));
    CHECK(hub.connections() == 0);
}
