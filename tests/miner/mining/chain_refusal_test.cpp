// A chain's node that is there, and of no use.
#include "miner/mining/chain_watch.hpp"
#include "network/simulator/recorded_metadata.hpp"
#include "tests/miner/mining/chain_scene.hpp"
#include "tests/network/chain/scripted_node.hpp"

#include <atomic>

using namespace std::chrono_literals;
using network::ChainState;
using Questions = network::ChainNode::Questions;
using tests::Scene;
using tests::start_node;
using tests::until;

namespace {

namespace asio = boost::asio;

// A runtime that calls what is read by other names.
std::vector<std::uint8_t> foreign_metadata() {
    auto bytes = network::recorded_metadata();
    for (const std::string_view name : {"SubtensorModule", "SubnetInfoRuntimeApi"}) {
        const auto end = [&] { return bytes.end(); };
        for (auto at = bytes.begin();
             (at = std::search(at, end(), name.begin(), name.end())) != end(); ++at)
            *at = 'X';
    }
    return bytes;
}

}  // namespace

TEST_CASE("a node that shows blocks and answers no question is left for the next one") {
    for (const auto how : {Questions::refused, Questions::ignored}) {
        Scene scene;
        if (how == Questions::ignored) scene.limits.request = 8s;  // the other answers in it
        const auto other = start_node();
        scene.others = {other->endpoint()};
        scene.node->take(how);
        scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
            co_await until([&] { return scene.count("registered") == 1; });
            CHECK(link.rpc().url() == other->endpoint().url());
            co_await until([&] { return scene.count("chain read again") == 1; });
        });
        CHECK(scene.count("chain not read") == 1);
        CHECK(scene.count("chain lost") == 1);
        CHECK(scene.count("chain connected") == 1);
    }
}

TEST_CASE("a node that begins to refuse every question is left, and taken again") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->take(Questions::refused);
        co_await until([&] { return link.rpc().connection() > 2; });
        scene.node->take(Questions::answered);
        const auto block = scene.node->block();
        co_await until([&] { return link.watch().metagraph()->block() > block; });
    });
    CHECK(scene.says("asked too often"));
}

TEST_CASE("what the chain lacks makes no node be left, and is asked for ever less often") {
    const ChainState state(17, {tests::miner_neuron(1)}, foreign_metadata());
    std::atomic<int> looks = 0;
    tests::ScriptedNode node([&](const boost::json::object& request) -> std::vector<std::string> {
        const auto& method = request.at("method").as_string();
        if (method == "chain_subscribeNewHeads") return {};
        looks += method == "chain_getHead";
        const auto answer = state.answer(method, request.at("params").as_array());
        if (!answer) return {"close"};
        return {tests::answer_to(request, *answer)};
    });
    Scene scene;
    scene.settings.subtensor.chain_endpoint = node.endpoint().url();
    scene.pauses.longest = 1h;
    const auto begun = std::chrono::steady_clock::now();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return looks >= 12; });
    });
    // Before the twelfth ten pauses at least were those of failures in a row.
    CHECK(std::chrono::steady_clock::now() - begun >= 1ms * ((1 << 10) - 1));
    CHECK(node.connections() == 1);
    CHECK(scene.count("chain not read") == 1);
    CHECK(scene.count("chain lost") == 0);
}

TEST_CASE("a node that once says to be at the end of all blocks is looked at again") {
    const ChainState state(17, {tests::miner_neuron(1)});
    std::atomic<int> looks = 0;
    std::uint64_t head = 100;
    tests::ScriptedNode node([&](const boost::json::object& request) -> std::vector<std::string> {
        const auto& method = request.at("method").as_string();
        if (method == "chain_subscribeNewHeads") return {};
        if (method == "next block")
            return {tests::answer_to(request, true), tests::head_item(++head)};
        looks += method == "chain_getHead";
        if (method == "chain_getHeader" && looks == 1)
            return {tests::answer_to(request, boost::json::object{{"number", "0xffffffff"}})};
        const auto answer = state.answer(method, request.at("params").as_array());
        if (!answer) return {"close"};
        return {tests::answer_to(request, *answer)};
    });
    Scene scene;
    scene.settings.subtensor.chain_endpoint = node.endpoint().url();
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        for (int blocks = 0; blocks < 500 && looks < 2; ++blocks)
            co_await link.rpc().call("next block");
    });
    CHECK(looks >= 2);
}
