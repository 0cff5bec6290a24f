#include "network/chain/codec.hpp"

#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/network/chain/type_text.hpp"
#include "tests/support/catch.hpp"

#include <random>

using namespace network;
using tests::TypeText;

namespace {

// Whether a decoded value is the vector's JSON.
bool equals(const Value& value, const boost::json::value& json) {
    if (value.variant()) {
        return value.some() ? equals(*value.some(), json) : json.is_null();
    }
    if (const auto* list = value.list()) {
        if (list->size() != json.as_array().size()) return false;
        for (std::size_t i = 0; i < list->size(); ++i) {
            if (!equals((*list)[i], json.as_array()[i])) return false;
        }
        return true;
    }
    if (const auto* numbers = value.numbers()) {
        Value::Numbers expected;
        for (const auto& element : json.as_array()) {
            expected.push_back(std::uint64_t(tests::number(element)));
        }
        return *numbers == expected;
    }
    if (const auto* bytes = value.bytes()) {
        if (json.is_string()) {
            const std::string_view text = json.as_string();
            return text.starts_with("0x") ? tests::bytes_of(text) == *bytes
                                          : tests::hotkey_of(value) == text;
        }
        Value::Bytes expected;
        for (const auto& byte : json.as_array()) expected.push_back(byte.to_number<std::uint8_t>());
        return expected == *bytes;
    }
    if (value.text()) return *value.text() == std::string_view(json.as_string());
    if (const auto truth = value.boolean()) return json.as_bool() == *truth;
    if (json.is_int64() && json.as_int64() < 0) return value.i128() == Int128(json.as_int64());
    return value.u128() == tests::number(json);
}

auto decoded(std::string_view type_text, std::vector<std::uint8_t> bytes,
             DecodeLimits limits = {}) {
    const auto type = TypeText::parse(type_text);
    return decode(type.registry, type.id, bytes, limits);
}

}  // namespace

TEST_CASE("values of every kind are decoded as the SDK decodes them, and encoded again") {
    for (const auto& entry : tests::vectors("chain.json").at("scale").as_array()) {
        const auto text = tests::text(entry, "type");
        const auto bytes = tests::bytes_of(entry.at("hex"));
        CAPTURE(text, tests::text(entry, "hex"));
        const auto type = TypeText::parse(text);
        const auto value = decode(type.registry, type.id, bytes);
        REQUIRE(value.has_value());
        CHECK(equals(*value, entry.at("value")));
        const auto again = encode(type.registry, type.id, *value);
        REQUIRE(again.has_value());
        CHECK(*again == bytes);
    }
}

TEST_CASE("what no encoder makes is refused") {
    for (const auto& entry : tests::vectors("chain.json").at("scale_invalid").as_array()) {
        CAPTURE(tests::text(entry, "type"), tests::text(entry, "why"));
        const auto value = decoded(tests::text(entry, "type"), tests::bytes_of(entry.at("hex")));
        REQUIRE_FALSE(value.has_value());
        CHECK(value.error().code == Errc::malformed);
    }
    CHECK_FALSE(decoded("char", {0x00, 0xd8, 0, 0}).has_value());  // a surrogate
    CHECK_FALSE(decoded("String", {0x04, 0xff}).has_value());
    CHECK_FALSE(decoded("Compact<bool>", {0x04}).has_value());
}

TEST_CASE("bit sequences are read in both orders and any width of word") {
    const Value::Bits ten{true, false, true, true, false, false, false, false, false, true};
    for (const auto& [type, hex] :
         {std::pair("Bits<u8,Lsb0>", "280d02"), std::pair("Bits<u8,Msb0>", "28b040"),
          std::pair("Bits<u16,Msb0>", "2840b0"), std::pair("Bits<u32,Lsb0>", "280d020000")}) {
        CAPTURE(type);
        const auto value = decoded(type, tests::from_hex(hex));
        REQUIRE(value.has_value());
        REQUIRE(value->bits() != nullptr);
        CHECK(*value->bits() == ten);
    }
    CHECK_FALSE(decoded("Bits<u8,Lsb0>", tests::from_hex("280d")).has_value());
    CHECK_FALSE(decoded("Bits<u8,Lsb0>", tests::from_hex("03ffffffff")).has_value());
    CHECK_FALSE(decoded("Bits<bool,Lsb0>", tests::from_hex("0400")).has_value());
}

TEST_CASE("numbers of 128 and 256 bits and of either sign keep every bit") {
    std::vector<std::uint8_t> bytes(16, 0);
    bytes[15] = 0x80;
    CHECK((decoded("i128", bytes)->i128() == Int128(Uint128(1) << 127)));
    CHECK((decoded("u128", bytes)->u128() == Uint128(1) << 127));
    CHECK((decoded("i8", {0x80})->i128() == Int128(-128)));
    CHECK((decoded("i64", std::vector<std::uint8_t>(8, 0xff))->i128() == Int128(-1)));
    CHECK(decoded("u256", std::vector<std::uint8_t>(32, 7))->bytes()->size() == 32);
}

TEST_CASE("nothing is allocated for what is only promised") {
    const std::vector<std::uint8_t> billion{0x02, 0x00, 0x00, 0x80};  // some 2^29 elements
    CHECK_FALSE(decoded("Vec<u64>", billion).has_value());
    CHECK_FALSE(decoded("Vec<()>", billion).has_value());
    CHECK_FALSE(decoded("Vec<Vec<()>>", billion).has_value());
    CHECK_FALSE(decoded("[(); 4294967295]", {}).has_value());
    CHECK_FALSE(decoded("[[[u64; 4294967295]; 4294967295]; 4294967295]", {1, 2, 3}).has_value());
    CHECK(decoded("Vec<()>", {0x0c})->list()->size() == 3);
}

TEST_CASE("depth and number of values are bounded") {
    const DecodeLimits ten{.depth = 64, .values = 10};
    CHECK(decoded("Vec<bool>", tests::from_hex("18010001000100"), ten).has_value());
    CHECK_FALSE(decoded("Vec<bool>", tests::from_hex("2c0101010101010101010101"), ten).has_value());
    std::vector<Type> types(1);
    types[0].definition = SequenceType{0};  // lists of lists of lists
    const auto registry = Registry::make(types).value();
    CHECK(decode(registry, 0, std::vector<std::uint8_t>{0x08, 0, 0x04, 0}).has_value());
    auto deep = decode(registry, 0, std::vector<std::uint8_t>(100'000, 0x04));
    REQUIRE_FALSE(deep.has_value());
    CHECK_THAT(deep.error().detail, Catch::Contains("too deeply"));
    CompositeType itself;
    itself.fields = {{"", 0}};
    types[0].definition = itself;
    CHECK_FALSE(decode(Registry::make(types).value(), 0, {}).has_value());
}

TEST_CASE("an axon's entry is decoded by its own type, in every vector") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto type = metadata.types.find("AxonInfo");
    REQUIRE(type.has_value());
    for (const auto& entry : tests::vectors("chain.json").at("axon_info").as_array()) {
        CAPTURE(tests::text(entry, "note"));
        const auto bytes = tests::bytes_of(entry.at("hex"));
        const auto value = decode(metadata.types, *type, bytes);
        REQUIRE(value.has_value());
        for (const auto& field : entry.at("value").as_object()) {
            REQUIRE(value->find(field.key()) != nullptr);
            CHECK((value->find(field.key())->u128() == tests::number(field.value())));
        }
        CHECK(encode(metadata.types, *type, *value).value() == bytes);
    }
}

TEST_CASE("answers cut short anywhere or with bytes changed never do more than fail") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const RuntimeMethod* method = metadata.method("NeuronInfoRuntimeApi_get_neurons_lite");
    REQUIRE(method != nullptr);
    const auto good = tests::bytes_of(
        tests::vectors("chain.json").at("synthetic_neurons_lite").at("neurons_lite_hex"));
    for (std::size_t length = 0; length < good.size(); ++length) {
        CHECK_FALSE(
            decode(metadata.types, method->output, std::span(good).first(length)).has_value());
    }
    std::mt19937 random(17);
    const auto calls = metadata.extrinsic.call;
    for (int turn = 0; turn < 3'000; ++turn) {
        auto bytes = good;
        for (int i = 0; i < 1 + turn % 8; ++i) {
            bytes[random() % bytes.size()] = std::uint8_t(random());
        }
        const auto value = decode(metadata.types, method->output, bytes);
        if (value) CHECK(encode(metadata.types, method->output, *value).value() == bytes);
        for (auto& byte : bytes) byte = std::uint8_t(random() % (turn % 2 ? 8 : 256));
        // A call may hold calls, and so on: the type with the most in it.
        const auto call = decode(metadata.types, calls, bytes, {.depth = 64, .values = 100'000});
        if (!call) CHECK(call.error().code == Errc::malformed);
    }
}
