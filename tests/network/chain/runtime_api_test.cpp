#include "network/chain/runtime_api.hpp"

#include "network/chain/codec.hpp"
#include "network/chain/scale.hpp"
#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

using namespace network;

namespace {

constexpr const char* kNeurons = "NeuronInfoRuntimeApi_get_neurons_lite";
constexpr const char* kState = "SubnetInfoRuntimeApi_get_subnet_state";
constexpr const char* kGraph = "SubnetInfoRuntimeApi_get_selective_mechagraph";

void check_numbers(const Value& value, const boost::json::object& expected) {
    for (const auto& field : expected) {
        if (field.key() == "ip_text") continue;
        CAPTURE(std::string(field.key()));
        REQUIRE(value.find(field.key()) != nullptr);
        if (field.value().is_bool()) {
            CHECK(value.find(field.key())->boolean() == field.value().as_bool());
        } else {
            CHECK((value.find(field.key())->u128() == tests::number(field.value())));
        }
    }
}

// A NeuronInfoLite as the vectors write it.
void check_neuron(const Value& neuron, const boost::json::value& expected) {
    for (const auto& field : expected.as_object()) {
        const std::string_view name = field.key();
        CAPTURE(std::string(name));
        if (name.starts_with("sdk")) continue;
        if (name == "axon" || name == "prometheus") {
            const Value* info = neuron.find(std::string(name) + "_info");
            REQUIRE(info != nullptr);
            check_numbers(*info, field.value().as_object());
            continue;
        }
        const Value* value = neuron.find(name);
        REQUIRE(value != nullptr);
        if (name == "hotkey" || name == "coldkey") {
            CHECK(tests::hotkey_of(*value) == field.value().as_string());
        } else if (name == "stake") {
            const auto& stakes = field.value().as_array();
            REQUIRE(value->list()->size() == stakes.size());
            for (std::size_t i = 0; i < stakes.size(); ++i) {
                const Value::List& pair = *(*value->list())[i].list();
                CHECK(tests::hotkey_of(pair.at(0)) == tests::text(stakes[i], "coldkey"));
                CHECK((pair.at(1).u128() == tests::number(stakes[i].at("rao"))));
            }
        } else if (name == "weights" || name == "bonds") {
            REQUIRE(value->list()->size() == field.value().as_array().size());
        } else if (field.value().is_bool()) {
            CHECK(value->boolean() == field.value().as_bool());
        } else {
            CHECK((value->u128() == tests::number(field.value())));
        }
    }
}

void check_neurons(const Value& answer, const boost::json::array& expected) {
    REQUIRE(answer.list() != nullptr);
    CHECK_FALSE(expected.empty());
    for (const auto& neuron : expected) {
        const auto uid = tests::number(neuron.at("uid"));
        CAPTURE(std::uint64_t(uid));
        const Value* found = nullptr;
        for (const Value& candidate : *answer.list()) {
            if (candidate.find("uid")->u128() == uid) found = &candidate;
        }
        REQUIRE(found != nullptr);
        check_neuron(*found, neuron);
    }
}

}  // namespace

TEST_CASE("the recorded metagraph is decoded whole, and encodes to the same bytes") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& expected = tests::vectors("chain.json").at("recordings").at("metagraph");
    for (const char* method : {kNeurons, kState, kGraph}) {
        CAPTURE(method);
        const auto bytes = tests::bytes_of(
            tests::recorded_result(tests::text(expected, "file"), "state_call", method));
        const auto answer = method_answer(metadata, method, bytes);
        REQUIRE(answer.has_value());
        CHECK(encode(metadata.types, metadata.method(method)->output, *answer).value() == bytes);
    }
}

TEST_CASE("the recorded neurons are those that the SDK sees") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& expected = tests::vectors("chain.json").at("recordings").at("metagraph");
    const auto bytes = tests::bytes_of(
        tests::recorded_result(tests::text(expected, "file"), "state_call", kNeurons));
    const auto answer = method_answer(metadata, kNeurons, bytes);
    REQUIRE(answer.has_value());
    CHECK(answer->list()->size() == tests::number(expected.at("n")));
    check_neurons(*answer, expected.at("neurons_lite_full").as_array());
}

TEST_CASE("the recorded selective metagraph has the fields that the SDK sees") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& recording = tests::vectors("chain.json").at("recordings").at("metagraph");
    const auto bytes = tests::bytes_of(
        tests::recorded_result(tests::text(recording, "file"), "state_call", kGraph));
    const auto answer = method_answer(metadata, kGraph, bytes);
    REQUIRE(answer.has_value());
    REQUIRE(answer->some() != nullptr);
    int seen = 0;
    for (const auto& field : recording.at("selective_mechagraph").as_object()) {
        const Value* value = answer->some()->find(field.key());
        if (value == nullptr) continue;  // what the vector's author derived
        if (value->some() != nullptr) value = value->some();
        CAPTURE(std::string(field.key()));
        if (field.value().is_bool()) CHECK(value->boolean() == field.value().as_bool());
        if (field.value().is_int64()) CHECK((value->u128() == tests::number(field.value())));
        if (field.value().is_string()) CHECK(tests::hotkey_of(*value) == field.value().as_string());
        ++seen;
    }
    CHECK(seen > 10);
}

TEST_CASE("a runtime's older form, wrapped in bytes, has the same neurons inside") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& expected = tests::vectors("chain.json").at("recordings").at("neurons_lite");
    const auto bytes = tests::bytes_of(
        tests::recorded_result(tests::text(expected, "file"), "state_call", kNeurons));
    ScaleReader reader(bytes);
    const auto inner = reader.bytes(reader.length(1));
    reader.finish();
    REQUIRE(reader.ok());
    CHECK(inner.size() == tests::number(expected.at("outer_length")));
    const auto answer = method_answer(metadata, kNeurons, inner);
    REQUIRE(answer.has_value());
    CHECK(answer->list()->size() == tests::number(expected.at("n")));
    check_neurons(*answer, expected.at("neurons").as_array());
    CHECK(method_answer(metadata, kNeurons, bytes).value() == *answer);
    // Wrapped once, and nothing behind it.
    auto longer = bytes, shorter = bytes;
    longer.push_back(0);
    shorter.pop_back();
    for (const auto& wrong : {longer, shorter})
        CHECK(method_answer(metadata, kNeurons, wrong).error().code == Errc::malformed);
}

TEST_CASE("an answer of plain bytes is not described") {
    Metadata metadata = tests::recorded_metadata(15);
    CHECK(describes_answer(metadata, kNeurons));
    CHECK(describes_answer(metadata, kState));
    CHECK_FALSE(describes_answer(metadata, "NoApi_nothing"));
    CHECK_FALSE(describes_answer(tests::recorded_metadata(14), kNeurons));
    const auto opaque = metadata.method("Metadata_metadata")->output;
    for (auto& method : metadata.methods)
        if (method.name == kNeurons) method.output = opaque;
    CHECK_FALSE(describes_answer(metadata, kNeurons));
}

TEST_CASE("a single neuron with its weights is decoded") {
    const auto& expected =
        tests::vectors("chain.json").at("recordings").at("get_neuron_for_pubkey_and_subnet");
    const auto bytes = tests::bytes_of(tests::recorded_result(
        tests::text(expected, "file"), "state_call", "NeuronInfoRuntimeApi_get_neuron"));
    const auto answer =
        method_answer(tests::recorded_metadata(15), "NeuronInfoRuntimeApi_get_neuron", bytes);
    REQUIRE(answer.has_value());
    REQUIRE(answer->some() != nullptr);
    check_neuron(*answer->some(), expected.at("neuron"));
}

TEST_CASE("made-up neurons of extreme values are decoded, and refused when cut short") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& vector = tests::vectors("chain.json").at("synthetic_neurons_lite");
    const auto bytes = tests::bytes_of(vector.at("neurons_lite_hex"));
    const auto answer = method_answer(metadata, kNeurons, bytes);
    REQUIRE(answer.has_value());
    check_neurons(*answer, vector.at("neurons").as_array());
    for (const auto& length : vector.at("truncations_refused_at").as_array()) {
        const auto part = std::span(bytes).first(length.to_number<std::size_t>());
        CHECK_FALSE(method_answer(metadata, kNeurons, part).has_value());
    }
}

TEST_CASE("arguments are encoded as the recordings have them") {
    const Metadata& metadata = tests::recorded_metadata(15);
    CHECK(method_arguments(metadata, kNeurons, {Value(17u)}).value() == tests::from_hex("1100"));
    CHECK(method_arguments(metadata, kGraph,
                           {Value(1u), Value(0u), Value(Value::List{Value(0u), Value(73u)})})
              .value() == tests::from_hex("0100000800004900"));
    CHECK(method_arguments(metadata, "AccountNonceApi_account_nonce", {Value(Value::Bytes(32, 7))})
              .value() == std::vector<std::uint8_t>(32, 7));
    CHECK(method_arguments(metadata, kNeurons, {}).error().code == Errc::not_in_runtime);
    CHECK(method_arguments(metadata, kNeurons, {Value(65'536u)}).error().code == Errc::malformed);
    CHECK(method_arguments(metadata, "NoApi_nothing", {}).error().code == Errc::not_in_runtime);
    CHECK(method_answer(tests::recorded_metadata(14), kNeurons, {}).error().code ==
          Errc::not_in_runtime);
}

TEST_CASE("a field that the chain adds changes nothing for those who do not ask for it") {
    // The recorded metadata with one more field at the head of NeuronInfoLite.
    const Metadata& metadata = tests::recorded_metadata(15);
    const TypeId neuron = metadata.types.find("NeuronInfoLite").value();
    std::vector<Type> types;
    for (TypeId id = 0; id < metadata.types.size(); ++id) types.push_back(metadata.types[id]);
    auto& fields = std::get<CompositeType>(types[neuron].definition).fields;
    fields.insert(fields.begin(), TypeField{"mood", TypeId(types.size())});
    Type mood;
    mood.definition = Primitive::u16;
    types.push_back(mood);
    Metadata upgraded = metadata;
    upgraded.types = Registry::make(std::move(types)).value();

    const auto& vector = tests::vectors("chain.json").at("synthetic_neurons_lite");
    const auto old =
        method_answer(metadata, kNeurons, tests::bytes_of(vector.at("neurons_lite_hex")));
    REQUIRE(old.has_value());
    Value::List grown;
    for (const Value& before : *old->list()) {
        Value::Record record = *before.record();
        record.push_back({"mood", 3u});
        grown.push_back(Value(std::move(record)));
    }
    const auto bytes = encode(upgraded.types, upgraded.method(kNeurons)->output, Value(grown));
    REQUIRE(bytes.has_value());
    const auto answer = method_answer(upgraded, kNeurons, *bytes);
    REQUIRE(answer.has_value());
    CHECK((*answer->list())[0].find("mood")->u64() == 3);
    check_neurons(*answer, vector.at("neurons").as_array());
}
