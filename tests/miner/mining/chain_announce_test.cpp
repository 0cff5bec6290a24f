// An axon that is announced, and a chain that does not want to know of it.
#include "miner/mining/chain_watch.hpp"
#include "tests/miner/mining/chain_scene.hpp"

#include <algorithm>

using namespace std::chrono_literals;
using network::ChainState;
using tests::key_of;
using tests::Scene;
using tests::until;

namespace {

namespace asio = boost::asio;

struct Announcing : Scene {
    // An era of 64 blocks must outlast a busy machine's pauses.
    Announcing() : Scene(50ms) {
        settings.axon = {.announce = true, .external_ip = "198.51.100.7", .external_port = 8092};
    }

    int sent() const { return node->tally().extrinsics; }
    // How often it failed, whether that was warned of or not.
    int told() const {
        const auto is_of_it = [](const std::string& line) {
            return line.find(" axon not announced ") != line.npos;
        };
        return int(std::count_if(lines.begin(), lines.end(), is_of_it) +
                   std::count_if(quiet_lines.begin(), quiet_lines.end(), is_of_it));
    }
    asio::awaitable<void> until_read_often() {
        const auto before = node->tally().metagraphs;
        co_await until([this, before] { return node->tally().metagraphs >= before + 4; });
    }
};

}  // namespace

TEST_CASE("an axon is announced when the settings say so") {
    Announcing scene;
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("axon announced") == 1; });
        const auto block = scene.node->block();
        co_await until([&] { return scene.node->block() > block + 15; });
    });
    CHECK(scene.sent() == 1);
    CHECK(scene.node->state().port_of(key_of(1).public_key()) == 8092);
}

TEST_CASE(
    "an axon that the chain does not take is announced ever less often, and warned of hourly") {
    Announcing scene;
    scene.node->change([](ChainState& state) { state.limit_axons(true); });
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        int sent = 0;
        for (const auto pause : {15min, 30min, 60min, 120min, 240min, 240min}) {
            co_await until([&] { return scene.sent() == sent + 1; });
            sent = scene.sent();
            co_await until([&] { return scene.told() == sent; });
            CHECK(scene.count("axon not announced") == (sent < 4 ? 1 : sent - 2));
            scene.later += pause - 5min;
            co_await scene.until_read_often();
            CHECK(scene.sent() == sent);
            scene.later += 5min;
        }
        scene.node->change([](ChainState& state) { state.limit_axons(false); });
        co_await until([&] { return scene.count("axon announced") == 1; });
    });
    CHECK(scene.says("but the address is the old one"));
}

TEST_CASE("an announcement that gets into no block holds up no look, and no other is sent") {
    Announcing scene;
    scene.node->pool(true);
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.sent() == 1; });
        scene.node->change([](ChainState& state) { state.move(key_of(10).public_key(), 2020); });
        co_await until([&] { return scene.port_known() == 2020; });
        co_await scene.until_read_often();
    });
    CHECK(scene.sent() == 1);
    CHECK(scene.count("axon not announced") == 0);
}
