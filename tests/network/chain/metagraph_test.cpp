#include "network/chain/metagraph.hpp"

#include "network/chain/runtime_api.hpp"
#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

#include <set>

using namespace network;

namespace {

using State = AxonAddress::State;

constexpr const char* kNeurons = "NeuronInfoRuntimeApi_get_neurons_lite";
constexpr const char* kState = "SubnetInfoRuntimeApi_get_subnet_state";

const boost::json::value& recording() {
    return tests::vectors("chain.json").at("recordings").at("metagraph");
}

Value recorded_answer(const char* method) {
    const auto bytes = tests::bytes_of(
        tests::recorded_result(tests::text(recording(), "file"), "state_call", method));
    return method_answer(tests::recorded_metadata(15), method, bytes).value();
}

const Metagraph& recorded_metagraph() {
    static const Metagraph metagraph =
        Metagraph::make({.netuid = std::uint16_t(tests::number(recording().at("netuid"))),
                         .block = std::uint64_t(tests::number(recording().at("block")))},
                        recorded_answer(kNeurons), recorded_answer(kState))
            .value();
    return metagraph;
}

Value made_up_neuron(std::uint32_t uid, Uint128 ip = 0x7f000001) {
    Value::Record axon{{"ip", ip}, {"port", 8091u}, {"ip_type", 4u}};
    Value::Bytes hotkey(32, 1);
    hotkey[0] = std::uint8_t(uid);
    hotkey[1] = std::uint8_t(uid >> 8);
    return Value::Record{{"uid", uid},
                         {"hotkey", hotkey},
                         {"coldkey", Value::Bytes(32, 2)},
                         {"validator_permit", true},
                         {"last_update", 5u},
                         {"axon_info", std::move(axon)}};
}

std::string detail(const Value& neurons, const Value& state) {
    const auto metagraph = Metagraph::make({}, neurons, state);
    REQUIRE_FALSE(metagraph.has_value());
    CHECK(metagraph.error().code == Errc::malformed);
    return metagraph.error().detail;
}

std::set<std::uint64_t> uids(const char* field) {
    std::set<std::uint64_t> set;
    for (const auto& uid : recording().at(field).as_array()) {
        set.insert(uid.to_number<std::uint64_t>());
    }
    return set;
}

}  // namespace

TEST_CASE("the recorded metagraph has the neurons that the SDK sees") {
    const Metagraph& metagraph = recorded_metagraph();
    CHECK(metagraph.neurons().size() == tests::number(recording().at("n")));
    CHECK_FALSE(recording().at("neurons").as_array().empty());
    for (const auto& expected : recording().at("neurons").as_array()) {
        const Neuron* neuron = metagraph.find(std::uint16_t(tests::number(expected.at("uid"))));
        REQUIRE(neuron != nullptr);
        CAPTURE(neuron->uid);
        CHECK(ss58_encode(neuron->hotkey) == tests::text(expected, "hotkey"));
        CHECK(ss58_encode(neuron->coldkey) == tests::text(expected, "coldkey"));
        CHECK(neuron->stake_rao == tests::number(expected.at("total_stake_rao")));
        CHECK(neuron->validator_permit == expected.at("validator_permit").as_bool());
        CHECK(neuron->last_update == tests::number(expected.at("last_update")));
        const bool serving = expected.at("is_serving").as_bool();
        CHECK((neuron->axon.state == State::usable) == serving);
        if (serving) CHECK(neuron->axon.host == tests::text(expected.at("axon"), "ip_text"));
        CHECK(metagraph.find(neuron->hotkey) == neuron);
    }
}

TEST_CASE("sums over the recorded metagraph are the SDK's") {
    Uint128 stake = 0;
    Uint128 updates = 0;
    std::size_t announced = 0;
    std::set<std::uint64_t> permits;
    std::set<std::uint64_t> eligible;
    for (const Neuron& neuron : recorded_metagraph().neurons()) {
        stake += neuron.stake_rao;
        updates += neuron.last_update;
        if (neuron.axon.state != State::none) ++announced;
        if (neuron.validator_permit) permits.insert(neuron.uid);
        if (neuron.axon.state == State::usable && neuron.stake_rao >= 1'000'000'000'000) {
            eligible.insert(neuron.uid);
        }
    }
    CHECK((stake == tests::number(recording().at("sum_total_stake_rao"))));
    CHECK((updates == tests::number(recording().at("sum_last_update"))));
    CHECK(announced == tests::number(recording().at("uids_serving_count")));
    CHECK(permits == uids("uids_validator_permit"));
    CHECK(eligible == uids("uids_serving_and_total_stake_ge_1000"));
}

TEST_CASE("an empty subnet is a metagraph of nobody") {
    const auto empty = Metagraph::make({}, Value::List{}, Value::none());
    REQUIRE(empty.has_value());
    CHECK(empty->neurons().empty());
    CHECK(empty->find(std::uint16_t(0)) == nullptr);
    CHECK(empty->find(PublicKey{}) == nullptr);
}

TEST_CASE("a subnet of 65,535 neurons is read") {
    Value::List neurons;
    for (std::uint32_t uid = 65'535; uid-- > 0;) neurons.push_back(made_up_neuron(uid));
    const auto metagraph = Metagraph::make({}, Value(std::move(neurons)), Value::none());
    REQUIRE(metagraph.has_value());
    CHECK(metagraph->neurons().size() == 65'535);
    CHECK(metagraph->find(std::uint16_t(65'534))->uid == 65'534);
}

TEST_CASE("private axons are kept back unless the network is local") {
    const Value neurons(Value::List{made_up_neuron(0), made_up_neuron(1, 0x08080808)});
    const auto strict = Metagraph::make({}, neurons, Value::none()).value();
    CHECK(strict.find(std::uint16_t(0))->axon.state == State::refused);
    CHECK(strict.find(std::uint16_t(1))->axon.state == State::usable);
    const auto local = Metagraph::make({.allow_private = true}, neurons, Value::none()).value();
    CHECK(local.find(std::uint16_t(0))->axon.state == State::usable);
    CHECK(local.find(std::uint16_t(0))->axon.host == "127.0.0.1");
}

TEST_CASE("stakes go by hotkey, not by place") {
    const Value neurons(Value::List{made_up_neuron(0), made_up_neuron(1)});
    const Value::Bytes second = *made_up_neuron(1).find("hotkey")->bytes();
    const Value state = Value::some(
        Value::Record{{"hotkeys", Value::List{Value(second)}}, {"total_stake", Value::Numbers{7}}});
    const auto metagraph = Metagraph::make({}, neurons, state).value();
    CHECK(metagraph.find(std::uint16_t(0))->stake_rao == 0);
    CHECK(metagraph.find(std::uint16_t(1))->stake_rao == 7);
}

TEST_CASE("what a metagraph cannot be is refused, and the field is named") {
    const Value neuron = made_up_neuron(0);
    CHECK_THAT(detail(Value::Bytes{1}, Value::none()), Catch::Contains("no list"));
    CHECK_THAT(detail(Value::List{neuron, neuron}, Value::none()), Catch::Contains("uid 0 twice"));
    CHECK_THAT(detail(Value::List{made_up_neuron(65'536)}, Value::none()),
               Catch::Contains("uid is too large"));
    CHECK_THAT(detail(Value::List{Value(1u)}, Value::none()), Catch::Contains("neuron 0: uid"));
    Value::Record record = *neuron.record();
    record.pop_back();
    CHECK_THAT(detail(Value::List{Value(record)}, Value::none()),
               Catch::Contains("axon_info is missing"));
    record[1].value = Value(Value::Bytes(31));
    CHECK_THAT(detail(Value::List{Value(record)}, Value::none()),
               Catch::Contains("hotkey is no public key"));
    CHECK_THAT(detail(Value::List{}, Value(1u)), Catch::Contains("subnet state"));
    CHECK_THAT(detail(Value::List{}, Value::some(Value::Record{{"hotkeys", Value::List{Value()}},
                                                               {"total_stake", Value::Numbers{}}})),
               Catch::Contains("another length"));
}
