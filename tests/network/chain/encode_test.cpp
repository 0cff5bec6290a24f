#include "network/chain/codec.hpp"

#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/network/chain/type_text.hpp"
#include "tests/support/catch.hpp"

using namespace network;
using tests::TypeText;

namespace {

auto encoded(std::string_view type_text, const Value& value) {
    const auto type = TypeText::parse(type_text);
    return encode(type.registry, type.id, value);
}

const std::vector<TypeField> kFields = {{"netuid", 0}, {"port", 0}};
const Registry& u16_registry() {
    static const Registry registry = TypeText::parse("u16").registry;
    return registry;
}

}  // namespace

TEST_CASE("a number that its type cannot hold is refused") {
    CHECK(encoded("u16", 65'535u).value() == std::vector<std::uint8_t>{0xff, 0xff});
    CHECK_FALSE(encoded("u16", 65'536u).has_value());
    CHECK_FALSE(encoded("u8", -1).has_value());
    CHECK_FALSE(encoded("Compact<u16>", 65'536u).has_value());
    CHECK(encoded("i8", -128).value() == std::vector<std::uint8_t>{0x80});
    CHECK_FALSE(encoded("i8", -129).has_value());
    CHECK_FALSE(encoded("i8", 128).has_value());
    CHECK(encoded("i128", -1).value() == std::vector<std::uint8_t>(16, 0xff));
}

TEST_CASE("a value of another kind is refused") {
    CHECK_FALSE(encoded("bool", 1u).has_value());
    CHECK_FALSE(encoded("u8", true).has_value());
    CHECK_FALSE(encoded("Vec<u8>", Value::List{}).has_value());
    CHECK_FALSE(encoded("Vec<u16>", Value::Bytes{1}).has_value());
    CHECK_FALSE(encoded("[u8; 4]", Value::Bytes{1, 2, 3}).has_value());
    CHECK_FALSE(encoded("(u8,u8)", Value::List{Value(1u)}).has_value());
    CHECK_FALSE(encoded("String", std::string("\xff")).has_value());
    CHECK_FALSE(encoded("Option<u8>", Value::Variant{"Perhaps", {}}).has_value());
    CHECK_FALSE(encoded("Option<u8>", 1u).has_value());
}

TEST_CASE("a list of numbers is written from either form") {
    for (const char* type : {"Vec<u16>", "[u16; 2]", "Vec<Compact<u32>>"}) {
        const auto bytes = encoded(type, Value::Numbers{1, 700});
        REQUIRE(bytes.has_value());
        CHECK(*bytes == encoded(type, Value::List{Value(1u), Value(700u)}).value());
        const auto parsed = TypeText::parse(type);
        CHECK(*decode(parsed.registry, parsed.id, *bytes).value().numbers() ==
              Value::Numbers{1, 700});
    }
    CHECK_FALSE(encoded("[u16; 3]", Value::Numbers{1, 2}).has_value());
    CHECK_FALSE(encoded("Vec<u16>", Value::Numbers{65'536}).has_value());
    CHECK_FALSE(encoded("Vec<bool>", Value::Numbers{1}).has_value());
}

TEST_CASE("fields go by name, in the order of the type") {
    const Value swapped(Value::Record{{"port", 2u}, {"netuid", 1u}});
    const std::vector<std::uint8_t> bytes{1, 0, 2, 0};
    CHECK(encode_fields(u16_registry(), kFields, swapped).value() == bytes);
    CHECK(encode_fields(u16_registry(), kFields, Value::List{Value(1u), Value(2u)}).value() ==
          bytes);
}

TEST_CASE("a missing, unknown, double or unfit field is named") {
    const auto detail = [](Value::Record record) {
        const auto bytes = encode_fields(u16_registry(), kFields, Value(std::move(record)));
        REQUIRE_FALSE(bytes.has_value());
        CHECK(bytes.error().code == Errc::malformed);
        return bytes.error().detail;
    };
    CHECK_THAT(detail({{"netuid", 1u}}), Catch::Contains("'port' is missing"));
    CHECK_THAT(detail({{"netuid", 1u}, {"port", 1u}, {"tls", 1u}}), Catch::Contains("'tls'"));
    CHECK_THAT(detail({{"netuid", 1u}, {"netuid", 1u}}), Catch::Contains("'port'"));
    CHECK_THAT(detail({{"netuid", 1u}, {"port", true}}), Catch::Contains("port: a whole number"));
}

TEST_CASE("bit sequences are written as they are read") {
    for (const char* type :
         {"Bits<u8,Lsb0>", "Bits<u8,Msb0>", "Bits<u16,Msb0>", "Bits<u64,Lsb0>"}) {
        const auto parsed = TypeText::parse(type);
        for (std::size_t length = 0; length < 70; ++length) {
            Value::Bits bits(length);
            for (std::size_t i = 0; i < length; ++i) bits[i] = i * i % 3 == 1;
            const auto bytes = encode(parsed.registry, parsed.id, bits);
            REQUIRE(bytes.has_value());
            CHECK(*decode(parsed.registry, parsed.id, *bytes).value().bits() == bits);
        }
    }
}

TEST_CASE("a type that contains nothing but itself takes no value") {
    std::vector<Type> types(1);
    CompositeType itself;
    itself.fields = {{"", 0}};
    types[0].definition = itself;
    const auto registry = Registry::make(types).value();
    CHECK_FALSE(encode(registry, 0, Value::List{Value()}).has_value());
}
