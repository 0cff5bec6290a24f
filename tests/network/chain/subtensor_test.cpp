// The chain as a miner asks it, against a local node that serves a real runtime's metadata.
#include "network/chain/subtensor.hpp"

#include "network/chain/announce.hpp"
#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/simulator/chain_node.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"

using namespace network;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::uint64_t kTao = 1'000'000'000;

using tests::key_of;

LocalNeuron neuron(std::uint8_t number, std::uint64_t stake = 0, std::uint16_t port = 0) {
    return {.hotkey = key_of(number).public_key(),
            .stake_rao = stake,
            .validator_permit = stake > 0,
            .ip = 0x7f000001,
            .port = port};
}

std::unique_ptr<ChainNode> node_of(std::vector<LocalNeuron> neurons,
                                   std::chrono::milliseconds block_time = 5ms) {
    return ChainNode::start({.block_time = block_time, .neurons = std::move(neurons)}).value();
}

void ask(const Endpoint& endpoint, std::function<asio::awaitable<void>(Subtensor&)> questions) {
    asio::io_context io{1};
    RpcOptions options;
    options.endpoints = {endpoint};
    options.backoff = {.first = 1ms, .longest = 5ms};
    Rpc rpc(io.get_executor(), std::move(options));
    Subtensor subtensor(rpc);
    std::exception_ptr failure;
    asio::co_spawn(io, rpc.run(), [&](std::exception_ptr error) {
        if (error) failure = error;
    });
    asio::co_spawn(io, questions(subtensor), [&](std::exception_ptr error) {
        if (error) failure = error;
        rpc.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

TEST_CASE("the metagraph comes with stakes, permits and addresses") {
    const auto node = node_of({neuron(1), neuron(2, 5000 * kTao, 8091)});
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        CHECK(view.block >= 1000);
        CHECK(view.runtime->spec_version == ChainState::kSpecVersion);
        CHECK(view.runtime->metadata.version == 15);
        const auto graph = (co_await chain.metagraph(view, 17, true)).value();
        REQUIRE(graph.neurons().size() == 2);
        CHECK(graph.block() == view.block);
        const auto* validator = graph.find(key_of(2).public_key());
        REQUIRE(validator != nullptr);
        CHECK(validator->uid == 1);
        CHECK(validator->stake_rao == 5000 * kTao);
        CHECK(validator->validator_permit);
        CHECK(validator->axon == AxonAddress{AxonAddress::State::usable, "127.0.0.1", 8091});
        CHECK(graph.find(0)->axon.state == AxonAddress::State::none);
        const auto elsewhere = (co_await chain.metagraph(view, 17, false)).value();
        CHECK(elsewhere.find(1)->axon.state == AxonAddress::State::refused);
        CHECK((co_await chain.metagraph(view, 18, true)).value().neurons().empty());
    });
}

TEST_CASE("registered is who has a uid") {
    const auto node = node_of({neuron(1), neuron(2)});
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto ours = key_of(2).public_key();
        auto view = (co_await chain.now()).value();
        CHECK((co_await chain.uid(view, 17, ours)).value() == std::uint16_t(1));
        CHECK_FALSE((co_await chain.uid(view, 18, ours)).value().has_value());
        CHECK_FALSE((co_await chain.uid(view, 17, key_of(3).public_key())).value().has_value());
        node->change([&](ChainState& state) { state.deregister(ours); });
        view = (co_await chain.now()).value();
        CHECK_FALSE((co_await chain.uid(view, 17, ours)).value().has_value());
        const auto graph = (co_await chain.metagraph(view, 17, true)).value();
        CHECK(graph.neurons().size() == 2);
        CHECK(graph.find(ours) == nullptr);
        node->change([&](ChainState& state) { state.reregister(ours); });
        CHECK((co_await chain.uid(view, 17, ours)).value() == std::uint16_t(1));
    });
}

TEST_CASE("a runtime upgrade that adds a field is noticed and read by its own metadata") {
    const auto node = node_of({neuron(1), neuron(2, 5000 * kTao, 8091)});
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto before = (co_await chain.now()).value();
        CHECK((co_await chain.metagraph(before, 17, true)).value().neurons().size() == 2);
        CHECK((co_await chain.now()).value().runtime == before.runtime);
        CHECK(node->tally().metadata == 1);

        node->change([](ChainState& state) { state.upgrade(); });
        // By the rules of yesterday it is invalid, and is found to be.
        CHECK((co_await chain.metagraph(before, 17, true)).error().code == Errc::malformed);
        const auto after = (co_await chain.now()).value();
        CHECK(after.runtime->spec_version == before.runtime->spec_version + 1);
        CHECK(node->tally().metadata == 2);
        const auto graph = (co_await chain.metagraph(after, 17, true)).value();
        REQUIRE(graph.neurons().size() == 2);
        CHECK(graph.find(1)->stake_rao == 5000 * kTao);
    });
}

TEST_CASE("a metagraph of 65,535 neurons fits") {
    std::vector<LocalNeuron> all(65'535, neuron(1));
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].hotkey[0] = std::uint8_t(i);
        all[i].hotkey[1] = std::uint8_t(i >> 8);
    }
    const auto node = node_of(std::move(all));
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        const auto graph = (co_await chain.metagraph(view, 17, true)).value();
        CHECK(graph.neurons().size() == 65'535);
    });
}

TEST_CASE("a node of metadata 14 knows no runtime calls: the metagraph comes from its storage") {
    const auto unregistered = neuron(9, 7000 * kTao, 8099);
    const auto node =
        ChainNode::start({.block_time = 5ms,
                          .neurons = {neuron(1), neuron(2, 5000 * kTao, 8091), unregistered},
                          .metadata = tests::recorded_bytes("metadata_v14.hex.gz")})
            .value();
    node->change([&](ChainState& state) { state.deregister(unregistered.hotkey); });
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        CHECK(view.runtime->metadata.version == 14);
        const auto uid = co_await chain.uid(view, 17, key_of(2).public_key());
        CHECK(uid.value() == std::uint16_t(1));
        const auto graph = (co_await chain.metagraph(view, 17, true)).value();
        REQUIRE(graph.neurons().size() == 3);
        CHECK(graph.block() == view.block);
        const auto* validator = graph.find(key_of(2).public_key());
        REQUIRE(validator != nullptr);
        CHECK(validator->uid == 1);
        CHECK(validator->stake_rao == 5000 * kTao);
        CHECK(validator->validator_permit);
        CHECK(validator->coldkey == key_of(2).public_key());
        CHECK(validator->last_update >= 1000);
        CHECK(validator->axon == AxonAddress{AxonAddress::State::usable, "127.0.0.1", 8091});
        CHECK(graph.find(0)->axon.state == AxonAddress::State::none);
        CHECK_FALSE(graph.find(2)->validator_permit);
        CHECK(graph.find(unregistered.hotkey) == nullptr);
        const auto public_only = (co_await chain.metagraph(view, 17, false)).value();
        CHECK(public_only.find(1)->axon.state == AxonAddress::State::refused);
        const auto nowhere = (co_await chain.metagraph(view, 18, true)).value();
        CHECK(nowhere.neurons().empty());
    });
}

TEST_CASE("more neurons than one question may ask of storage") {
    std::vector<LocalNeuron> all(600, neuron(1));
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].hotkey[0] = std::uint8_t(i);
        all[i].hotkey[1] = std::uint8_t(i >> 8);
    }
    const auto last = all.back().hotkey;
    const auto node = ChainNode::start({.block_time = 50ms,
                                        .neurons = std::move(all),
                                        .metadata = tests::recorded_bytes("metadata_v14.hex.gz")})
                          .value();
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        const auto graph = (co_await chain.metagraph(view, 17, true)).value();
        CHECK(graph.neurons().size() == 600);
        CHECK(graph.find(599)->hotkey == last);
    });
}

namespace {

// A node at block 100 with the recorded metadata, whose other answers are a script's.
class RecordedNode {
public:
    using Answer = std::function<std::optional<json::value>(const json::object& request)>;

    RecordedNode(const char* metadata, Answer answer)
        : answer_(std::move(answer)), node_([this, metadata](const json::object& request) {
              return reply(request, metadata);
          }) {}

    Endpoint endpoint() const { return node_.endpoint(); }

private:
    std::vector<std::string> reply(const json::object& request, const char* metadata) {
        const auto& method = request.at("method").as_string();
        if (method == "chain_subscribeNewHeads") return {};
        if (method == "chain_getHead")
            return {tests::answer_to(request, json::string("0x" + std::string(64, 'a')))};
        if (method == "chain_getHeader")
            return {tests::answer_to(request, json::object{{"number", "0x64"}})};
        if (method == "state_getRuntimeVersion")
            return {tests::answer_to(
                request, json::object{{"specVersion", 343}, {"transactionVersion", 1}})};
        if (const auto answer = answer_(request)) return {tests::answer_to(request, *answer)};
        if (method == "state_getMetadata")
            return {tests::answer_to(request,
                                     json::string("0x" + to_hex(tests::recorded_bytes(metadata))))};
        return {tests::error_to(request, 4003, "Client error: Exported method is not found")};
    }

    Answer answer_;
    tests::ScriptedNode node_;
};

}  // namespace

TEST_CASE("answers of an older runtime, which come wrapped in bytes, make a metagraph") {
    const auto& recording = tests::vectors("chain.json").at("recordings").at("neurons_lite");
    const json::value& wrapped = tests::recorded_result(
        tests::text(recording, "file"), "state_call", "NeuronInfoRuntimeApi_get_neurons_lite");
    RecordedNode node("metadata_v15_opaque.hex.gz",
                      [&](const json::object& request) -> std::optional<json::value> {
                          const auto& list = request.at("params").as_array();
                          if (request.at("method") != "state_call") return std::nullopt;
                          const auto& name = list.at(0).as_string();
                          if (name == "NeuronInfoRuntimeApi_get_neurons_lite") return wrapped;
                          // No such subnet, wrapped: one byte of zero.
                          if (name == "SubnetInfoRuntimeApi_get_subnet_state")
                              return json::string("0x0400");
                          return std::nullopt;
                      });
    ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        CHECK(view.runtime->metadata.version == 15);
        const auto graph = (co_await chain.metagraph(view, 23, false)).value();
        CHECK(graph.neurons().size() == tests::number(recording.at("n")));
        for (const auto& expected : recording.at("neurons").as_array()) {
            const auto* found = graph.find(std::uint16_t(tests::number(expected.at("uid"))));
            REQUIRE(found != nullptr);
            CHECK(ss58_encode(found->hotkey) == tests::text(expected, "hotkey"));
        }
    });
}

TEST_CASE("invalid values in place of storage are malformed, and a node that refuses says so") {
    for (const json::value& invalid : std::initializer_list<json::value>{
             json::value(), json::value(7), json::array{7}, json::array{json::object{}},
             json::array{json::object{{"changes", {{"0x00"}}}}},
             json::array{json::object{{"changes", {{"0x00", 7}}}}}}) {
        CAPTURE(json::serialize(invalid));
        RecordedNode node("metadata_v14.hex.gz",
                          [&](const json::object& request) -> std::optional<json::value> {
                              if (request.at("method") == "state_queryStorageAt") return invalid;
                              return std::nullopt;
                          });
        ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
            const auto view = (co_await chain.now()).value();
            const auto graph = co_await chain.metagraph(view, 17, false);
            CHECK(graph.error().code == Errc::malformed);
        });
    }
    RecordedNode refusing("metadata_v14.hex.gz",
                          [](const json::object&) { return std::optional<json::value>(); });
    ask(refusing.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        const auto graph = co_await chain.metagraph(view, 17, false);
        CHECK(graph.error().code == Errc::node_error);
    });
}

TEST_CASE("invalid values in place of SCALE are malformed, whatever they are") {
    const json::string hash("0x" + std::string(64, 'a'));
    for (const json::value& invalid : std::initializer_list<json::value>{
             json::value("0x"), json::value("0xzz"), json::value("0x0"), json::value(7),
             json::value(), json::value("0x01ffffffffffffff"), json::value("0xfeffffff00")}) {
        CAPTURE(json::serialize(invalid));
        tests::ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
            const auto& method = request.at("method").as_string();
            if (method == "chain_subscribeNewHeads") return {};
            if (method == "chain_getHead") return {tests::answer_to(request, hash)};
            if (method == "chain_getHeader")
                return {tests::answer_to(request, json::object{{"number", "0x64"}})};
            if (method == "state_getRuntimeVersion")
                return {tests::answer_to(
                    request, json::object{{"specVersion", 343}, {"transactionVersion", 1}})};
            return {tests::answer_to(request, invalid)};
        });
        ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
            CHECK((co_await chain.now()).error().code == Errc::malformed);
        });
    }
}

TEST_CASE("a block with a number that none can have is malformed, not looked at") {
    tests::ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_subscribeNewHeads") return {};
        if (request.at("method") == "chain_getHeader")
            return {tests::answer_to(request, json::object{{"number", "0xffffffffffffffff"}})};
        return {tests::answer_to(request, json::string("0x" + std::string(64, 'a')))};
    });
    ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = co_await chain.now();
        REQUIRE_FALSE(view.has_value());
        CHECK(view.error().message().find("block header: no number") != std::string::npos);
    });
}

TEST_CASE("recorded answers about blocks are what the SDK made of them") {
    const auto& recordings = tests::vectors("chain.json").at("recordings");
    const auto& current = recordings.at("get_current_block");
    const auto& earlier = recordings.at("get_block_hash");
    const auto metadata = "0x" + to_hex(tests::recorded_bytes("metadata_v14.hex.gz"));
    tests::ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        const auto& method = request.at("method").as_string();
        if (method == "chain_subscribeNewHeads") return {};
        if (method == "chain_getBlockHash") {
            CHECK(request.at("params") == earlier.at("params"));
            return {tests::answer_to(request, tests::recorded_result(tests::text(earlier, "file"),
                                                                     "chain_getBlockHash"))};
        }
        const std::string recorded(method);
        if (recorded == "state_getMetadata")
            return {tests::answer_to(request, json::string(metadata))};
        if (recorded == "state_call") return {tests::error_to(request, 4003, "none")};
        return {tests::answer_to(request,
                                 tests::recorded_result(tests::text(current, "file"), recorded))};
    });
    ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto view = (co_await chain.now()).value();
        CHECK(view.block == tests::number(current.at("block")));
        CHECK(view.hash == tests::text(current, "head_hash"));
        const auto number = std::uint64_t(tests::number(earlier.at("params").at(0)));
        const auto hash = (co_await chain.block_hash(number)).value();
        CHECK("0x" + to_hex(hash) == tests::text(earlier, "result"));
    });
}

TEST_CASE("an extrinsic is watched until it is in a block, or never will be") {
    struct Fate {
        json::value status;
        bool kept;
    };
    const json::string block("0x" + std::string(64, 'b'));
    for (const auto& [status, kept] :
         std::initializer_list<Fate>{{json::object{{"inBlock", block}}, true},
                                     {json::object{{"finalized", block}}, true},
                                     {json::string("invalid"), false},
                                     {json::string("dropped"), false},
                                     {json::object{{"usurped", block}}, false},
                                     {json::object{{"finalityTimeout", block}}, false},
                                     {json::value(7), false}}) {
        CAPTURE(json::serialize(status));
        int sent = 0;
        tests::ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
            if (request.at("method") != "author_submitAndWatchExtrinsic") return {};
            CHECK(request.at("params").at(0) == "0x0102");
            ++sent;
            return {tests::answer_to(request, "watch"), tests::item_of("watch", "ready"),
                    tests::item_of("watch", json::object{{"broadcast", json::array()}}),
                    tests::item_of("watch", status)};
        });
        ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
            const std::vector<std::uint8_t> extrinsic{1, 2};
            const auto done = co_await chain.submit(extrinsic, 20s);
            CHECK(done.has_value() == kept);
            if (kept)
                CHECK(*done == block);
            else
                CHECK(done.error().code == Errc::node_error);
        });
        CHECK(sent == 1);
    }
}

TEST_CASE("an extrinsic whose connection is lost, or that nobody takes up, is not sent again") {
    std::atomic<int> sent = 0;
    tests::ScriptedNode node([&](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_getBlockHash")
            return {tests::answer_to(request, json::string("0x" + std::string(64, 'b')))};
        if (request.at("method") != "author_submitAndWatchExtrinsic") return {};
        if (++sent == 1) return {tests::answer_to(request, "watch"), "close"};
        return {tests::answer_to(request, "watch"), tests::item_of("watch", "ready")};
    });
    ask(node.endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const std::vector<std::uint8_t> extrinsic{1, 2};
        const auto lost = co_await chain.submit(extrinsic, 20s);
        CHECK(lost.error().code == Errc::closed);
        // Once this is answered there is a connection, which else takes of the time; once that is,
        // the node has read what came before it.
        const auto connected = co_await chain.block_hash(1);
        CHECK(connected.has_value());
        const auto never = co_await chain.submit(extrinsic, 100ms);
        CHECK(never.error().code == Errc::read_timeout);
        const auto heard = co_await chain.block_hash(2);
        CHECK(heard.has_value());
    });
    CHECK(sent == 2);
}

TEST_CASE("an axon is announced once, and again only when its address is another") {
    const auto node = node_of({neuron(1), neuron(2)}, 50ms);
    const auto key = key_of(2);
    const auto entry = axon_entry("198.51.100.7", 8091).value();
    ask(node->endpoint(), [&](Subtensor& chain) -> asio::awaitable<void> {
        const auto first = co_await announce_axon(chain, key, 17, entry, 20s);
        CHECK(first.value() == Announced::done);
        const auto second = co_await announce_axon(chain, key, 17, entry, 20s);
        CHECK(second.value() == Announced::already);
        CHECK(node->tally().extrinsics == 1);
        const auto moved = axon_entry("198.51.100.7", 8092).value();
        const auto third = co_await announce_axon(chain, key, 17, moved, 20s);
        CHECK(third.value() == Announced::done);
        CHECK(node->tally().extrinsics == 2);
        CHECK(node->state().port_of(key.public_key()) == 8092);
        // It is in a block all the same, but the chain keeps nothing of an unregistered hotkey.
        const auto unregistered = co_await announce_axon(chain, key_of(9), 17, entry, 20s);
        CHECK(unregistered.error().code == Errc::node_error);
    });
}

TEST_CASE("addresses that the chain would refuse are not announced") {
    for (const auto* ip : {"127.0.0.1", "0.0.0.0", "::1", "host", ""})
        CHECK_FALSE(axon_entry(ip, 1).has_value());
    CHECK_FALSE(axon_entry("198.51.100.7", 0).has_value());
    CHECK(axon_entry("198.51.100.7", 8091).value().ip == 0xc6336407);
    CHECK(axon_entry("2001:db8::1", 8091).value().ip_type == 6);
}
