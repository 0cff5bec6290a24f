// What chains do to a miner, and how it comes back.
#include "miner/mining/chain_watch.hpp"

#include "network/wallet/ss58.hpp"
#include "tests/miner/mining/chain_scene.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/support/recordings.hpp"

#include <atomic>
#include <fstream>
#include <iterator>

using namespace std::chrono_literals;
using network::ChainState;
using tests::key_of;
using tests::miner_neuron;
using tests::Scene;
using tests::until;
using tests::validator_neuron;

namespace asio = boost::asio;

TEST_CASE("a hotkey that is registered knows its validators") {
    Scene scene;
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
    });
    CHECK(scene.identities[0].registered);
    const auto& validators = scene.identities[0].schedule.validators();
    REQUIRE(validators.size() == 2);
    CHECK(validators[0].peer == network::Peer{key_of(10).address(), "127.0.0.1", 1010});
    CHECK(validators[0].stake == Approx(5000));
    CHECK(validators[0].serving);
    CHECK(scene.says("uid=2"));
    CHECK(scene.says("validators=2"));
    CHECK(scene.count("chain connected") == 1);
}

TEST_CASE("a hotkey that loses its place waits, says so once, and goes on when it is back") {
    Scene scene;
    const auto ours = key_of(1).public_key();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        auto& who = scene.identities[0];
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->change([&](ChainState& state) { state.deregister(ours); });
        co_await until([&] { return !who.registered && scene.hindrance() != ""; });
        CHECK(scene.hindrance().find("btcli") != std::string::npos);
        const auto block = scene.node->block();
        co_await until([&] { return scene.node->block() > block + 20; });
        CHECK(scene.count("not registered") == 1);
        scene.node->change([&](ChainState& state) { state.reregister(ours); });
        co_await until([&] { return scene.hindrance() == ""; });
        CHECK(who.registered);
    });
    CHECK(scene.count("not registered") == 1);
    CHECK(scene.hindrances.size() == 4);  // not read yet, read; lost its place, has it again
    CHECK(scene.says("a newcomer took its uid"));
    CHECK(scene.says("btcli subnet register --netuid 17"));
    CHECK(scene.count("registered") == 3);  // in, "not registered", in again
}

TEST_CASE("a hotkey that was never registered waits from the start") {
    Scene scene;
    scene.identities[0].key = key_of(2);
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("not registered") == 1; });
    });
    CHECK_FALSE(scene.identities[0].registered);
    CHECK(scene.says("the subnet does not know this hotkey"));
}

TEST_CASE("a hotkey that stays unregistered is spoken of every hour") {
    Scene scene;
    scene.identities[0].key = key_of(2);
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        for (int hour = 1; hour <= 3; ++hour) {
            co_await until([&] { return scene.count("not registered") == hour; });
            const auto block = scene.node->block();
            co_await until([&] { return scene.node->block() > block + 10; });
            CHECK(scene.count("not registered") == hour);
            scene.later += std::chrono::hours(1);
        }
    });
    CHECK(scene.hindrance().find("no hotkey is registered") != std::string::npos);
    CHECK(scene.hindrances.size() == 2);  // the first was that the chain had not been read
}

TEST_CASE("a subnet without a validator to ask is said at the start, and when there is one again") {
    Scene scene;
    scene.settings.schedule.min_stake = 6000;
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("no validator to ask") == 1; });
        co_await until([&] { return scene.hindrance() != "" && scene.hindrances.size() == 2; });
        CHECK(scene.hindrance().find("schedule.min_stake") != std::string::npos);
        const auto block = scene.node->block();
        co_await until([&] { return scene.node->block() > block + 25; });  // read twice and more
        CHECK(scene.count("no validator to ask") == 1);
        scene.later += std::chrono::hours(1);
        co_await until([&] { return scene.count("no validator to ask") == 2; });
        scene.settings.schedule.min_stake = 1000;
        co_await until([&] { return scene.hindrance() == ""; });
    });
    CHECK(scene.says("can be asked"));
}

TEST_CASE("a netuid without a subnet is said at the start") {
    Scene scene;
    scene.node = network::ChainNode::start({.block_time = 5ms, .neurons = {}}).value();
    scene.settings.subtensor.chain_endpoint = scene.node->endpoint().url();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("no validator to ask") == 1; });
    });
    CHECK(scene.says("there is no subnet 17 on this chain"));
}

TEST_CASE("while no node answers and no validator is known, that is in the way, and said") {
    Scene scene;
    scene.settings.subtensor.chain_endpoint = "ws://127.0.0.1:1/v3/s3cretKey";
    const auto told = [&]() -> asio::awaitable<void> {
        co_await until([&] { return scene.count("chain lost") == 1; });
    };
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        CHECK(scene.hindrance().find("the chain has not been read") != std::string::npos);
        co_await told();
        CHECK(scene.hindrances.back().detail.find("connection refused") != std::string::npos);
    });
    CHECK(scene.says("no validator is known until a node answers"));
    CHECK(scene.says("remedy=\"see host and port"));
    CHECK_FALSE(scene.says("s3cret"));
    CHECK(scene.hindrance().find("127.0.0.1") == std::string::npos);  // that is for the operator

    scene.lines.clear();
    scene.hindrances.clear();
    scene.named = {{-1, {key_of(10).address(), "127.0.0.1", 1010}, 5000, true}};
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> { co_await told(); });
    CHECK(scene.hindrances.empty());  // that one can be asked
}

TEST_CASE("a connection that is cut is made again") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->disconnect();
        co_await until([&] { return scene.count("chain connected") == 2; });
        const auto block = link.watch().metagraph()->block();
        co_await until([&] { return link.watch().metagraph()->block() > block; });
    });
    CHECK(scene.count("chain lost") == 1);
}

TEST_CASE("a node that is far back is looked at at once, not when it has caught up") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->stall(true);
        scene.node->change([](ChainState& state) {
            state.fork(500);
            state.move(key_of(10).public_key(), 2020);
        });
        scene.node->disconnect();
        co_await until([&] { return scene.port_known() == 2020; });
        CHECK(link.watch().metagraph()->block() == scene.node->block());
    });
}

TEST_CASE(
    "a chain whose newest blocks are given up for others is asked no more often than before") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->stall(true);
        scene.node->change([](ChainState& state) {
            state.fork(30);
            state.move(key_of(10).public_key(), 2020);
        });
        link.watch().validator_failed();
        co_await until([&] { return scene.port_known() == 2020; });
        const auto looks = scene.node->tally().looks;
        const auto block = scene.node->block();
        scene.node->stall(false);
        co_await until([&] { return scene.node->block() >= block + 25; });
        // One for each block, besides those that were asked for.
        CHECK(scene.node->tally().looks - looks <= int(scene.node->block() - block) + 5);
    });
}

TEST_CASE("a chain that makes no blocks for a while is read again when it does") {
    Scene scene;
    scene.settings.subtensor.stale = 1s;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->stall(true);
        co_await until([&] { return scene.count("chain lost") == 1; });
        scene.node->stall(false);
        const auto block = link.watch().metagraph()->block();
        co_await until([&] { return link.watch().metagraph()->block() > block; });
    });
    CHECK(scene.says("not up to date"));
}

TEST_CASE("an upgrade of the runtime is followed") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.count("registered") == 1; });
        scene.node->change([](ChainState& state) { state.upgrade(); });
        co_await until([&] { return scene.count("runtime upgraded") == 1; });
        const auto block = link.watch().metagraph()->block();
        co_await until([&] { return link.watch().metagraph()->block() > block; });
        CHECK(link.watch().metagraph()->neurons().size() == 3);
    });
    CHECK(scene.says("from=343 to=344"));
    CHECK(scene.node->tally().metadata == 2);
}

TEST_CASE("a validator that stopped answering is looked up at once") {
    Scene scene(100ms);
    scene.settings.subtensor.refresh_blocks = 7'200;  // 12 minutes
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return scene.port_known() == 1010; });
        scene.node->change([](ChainState& state) { state.move(key_of(10).public_key(), 2020); });
        link.watch().validator_failed();
        co_await until([&] { return scene.port_known() == 2020; });
    });
}

TEST_CASE("a validator that fails while the subnet is being read has it read once more") {
    ChainState state(17, {validator_neuron(10, 1010), miner_neuron(1)});
    std::atomic<int> reads = 0;
    std::atomic<bool> goes_on = false;
    tests::ScriptedNode node(
        [&](const boost::json::object& request) -> std::vector<std::string> {
            const auto& method = request.at("method").as_string();
            if (method == "chain_subscribeNewHeads") return {};
            if (method == "next block") {
                state.next_block();
                return {tests::answer_to(request, true), tests::head_item(state.block())};
            }
            const auto& parameters = request.at("params").as_array();
            if (method == "state_call" &&
                parameters.at(0) == "SubnetInfoRuntimeApi_get_subnet_state" && ++reads == 1)
                tests::eventually([&] { return goes_on.load(); });
            const auto answer = state.answer(method, parameters);
            if (!answer) return {"close"};
            return {tests::answer_to(request, *answer)};
        },
        state.block());
    Scene scene;
    scene.settings.subtensor.chain_endpoint = node.endpoint().url();
    scene.settings.subtensor.refresh_blocks = 7'200;
    scene.limits.request = tests::kLongestWait;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return reads == 1; });
        link.watch().validator_failed();
        goes_on = true;
        co_await until([&] { return scene.count("registered") == 1; });
        CHECK(reads == 1);
        for (int blocks = 0; blocks < 500 && reads < 2; ++blocks)
            co_await link.rpc().call("next block");
    });
    CHECK(reads == 2);
}

TEST_CASE("a validator that moved is found with the next metagraph") {
    Scene scene;
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.port_known() == 1010; });
        scene.node->change([](ChainState& state) { state.move(key_of(10).public_key(), 2020); });
        co_await until([&] { return scene.port_known() == 2020; });
    });
}

TEST_CASE("a key in the endpoint's address is not kept on the disk") {
    Scene scene;
    const auto url = scene.node->endpoint().url();
    scene.settings.subtensor.chain_endpoint = url + "/?apikey=s3cretKey";
    const auto kept = scene.folder.path() / "metagraph.bin";
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return std::filesystem::exists(kept); });
    });
    std::ifstream file(kept, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    CHECK(bytes.find("127.0.0.1") != std::string::npos);
    CHECK(bytes.find("s3cret") == std::string::npos);
    for (const auto* key : {"s3cretKey", "another"}) {
        scene.lines.clear();
        scene.identities[0] = {key_of(1), miner::Schedule(scene.settings.schedule)};
        scene.settings.subtensor.chain_endpoint = url + "/?apikey=" + key;
        scene.run([&](miner::ChainLink&) -> asio::awaitable<void> { co_return; });
        CHECK(scene.count("metagraph of an earlier run") == (key[0] == 's'));
    }
}

TEST_CASE("the next start does not wait for the chain") {
    Scene scene;
    scene.run([&](miner::ChainLink& link) -> asio::awaitable<void> {
        co_await until([&] { return link.watch().seen_chain(); });
        co_await until(
            [&] { return std::filesystem::exists(scene.folder.path() / "metagraph.bin"); });
    });
    scene.node.reset();  // nobody is there
    scene.identities[0] = {key_of(1), miner::Schedule(scene.settings.schedule)};
    scene.lines.clear();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        CHECK(scene.port_known() == 1010);
        CHECK(scene.identities[0].registered);
        co_return;
    });
    CHECK(scene.count("metagraph of an earlier run") == 1);

    // A hotkey that the earlier run did not have may have been registered since.
    scene.identities[0] = {key_of(2), miner::Schedule(scene.settings.schedule)};
    scene.hindrances.clear();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        CHECK(scene.port_known() == 1010);
        CHECK(scene.identities[0].registered);
        co_return;
    });
    CHECK(scene.hindrances.empty());

    std::ofstream(scene.folder.path() / "metagraph.bin") << "rubbish";
    scene.identities[0] = {key_of(1), miner::Schedule(scene.settings.schedule)};
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        CHECK(scene.port_known() == 0);
        co_return;
    });
    CHECK(scene.count("metagraph file ignored") == 1);
}

TEST_CASE("a metagraph file that cannot be read is ignored, and keeps nobody from starting") {
    const bool folder = GENERATE(true, false);  // else as on a bad sector
    CAPTURE(folder);
    Scene scene;
    scene.node.reset();  // nobody is there
    const auto kept = scene.folder.path() / "metagraph.bin";
    if (folder)
        std::filesystem::create_directory(kept);
    else
        std::filesystem::create_symlink("/proc/self/mem",
                                        kept);  // whose first byte nobody can read
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        CHECK(scene.port_known() == 0);
        co_return;
    });
    CHECK(scene.count("metagraph file ignored") == 1);
    CHECK(scene.says(folder ? "Is a directory" : "Input/output error"));
}

TEST_CASE("a node that is away for long is spoken of once") {
    Scene scene;
    scene.settings.subtensor.chain_endpoint = "ws://127.0.0.1:1";
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] {
            return std::any_of(
                scene.quiet_lines.begin(), scene.quiet_lines.end(),
                [](const auto& line) { return line.find(" chain lost ") != line.npos; });
        });
    });
    CHECK(scene.count("chain lost") == 1);
    CHECK(scene.identities[0].schedule.validators().empty());
}

TEST_CASE("a miner lives from a node that has no more than metadata 14") {
    Scene scene;
    scene.node =
        network::ChainNode::start({.block_time = 5ms,
                                   .neurons = {validator_neuron(10, 1010), miner_neuron(1)},
                                   .metadata = tests::recorded_bytes("metadata_v14.hex.gz")})
            .value();
    scene.settings.subtensor.chain_endpoint = scene.node->endpoint().url();
    scene.run([&](miner::ChainLink&) -> asio::awaitable<void> {
        co_await until([&] { return scene.port_known() == 1010; });
        scene.node->change([](ChainState& state) { state.move(key_of(10).public_key(), 2020); });
        co_await until([&] { return scene.port_known() == 2020; });
    });
    CHECK(scene.identities[0].schedule.validators()[0].stake == Approx(5000));
    CHECK(scene.count("registered") == 1);
    CHECK(scene.count("chain lost") == 0);
}
