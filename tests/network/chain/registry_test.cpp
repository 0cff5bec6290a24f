#include "network/chain/registry.hpp"

#include "network/errc.hpp"
#include "tests/network/chain/type_text.hpp"
#include "tests/support/catch.hpp"

using namespace network;
using tests::TypeText;

TEST_CASE("the least size of a type is that of its smallest value") {
    const auto least = [](std::string_view text) {
        const auto type = TypeText::parse(text);
        return type.registry.least_bytes(type.id);
    };
    CHECK(least("u128") == 16);
    CHECK(least("(u16,u32)") == 6);
    CHECK(least("[u16; 4]") == 8);
    CHECK(least("Option<u64>") == 1);
    CHECK(least("Vec<u64>") == 1);
    CHECK(least("Compact<u64>") == 1);
    CHECK(least("Compact<()>") == 0);
    CHECK(least("AccountId") == 32);
    CHECK(least("[(); 9]") == 0);
}

TEST_CASE("types that contain themselves have a least size") {
    // List { Nil, Cons(u8, List) }, and a struct that is nothing but itself.
    std::vector<Type> types(3);
    types[0].definition = Primitive::u8;
    VariantType list;
    list.cases = {{"Nil", 0, {}}, {"Cons", 1, {{"", 0}, {"", 1}}}};
    types[1].definition = list;
    CompositeType itself;
    itself.fields = {{"", 2}};
    types[2].definition = itself;
    const auto registry = Registry::make(types);
    REQUIRE(registry.has_value());
    CHECK(registry->least_bytes(1) == 1);
    CHECK(registry->least_bytes(2) == 0);
    CHECK(registry->unwrapped(2) == 2);
}

TEST_CASE("sizes that overflow and chains without end stay bounded") {
    std::vector<Type> types(100'000);
    types[0].definition = Primitive::u64;
    for (TypeId id = 1; id < types.size(); ++id) {
        types[id].definition = ArrayType{0xffffffff, id - 1};
    }
    REQUIRE(Registry::make(types).has_value());
    for (TypeId id = 1; id < types.size(); ++id) types[id].definition = TupleType{{id - 1, id - 1}};
    REQUIRE(Registry::make(types).has_value());
    for (TypeId id = 0; id + 1 < types.size(); ++id) types[id].definition = TupleType{{id + 1}};
    REQUIRE(Registry::make(types).has_value());
}

TEST_CASE("a type that names a missing one is refused") {
    std::vector<Type> types(1);
    types[0].definition = SequenceType{1};
    const auto registry = Registry::make(types);
    REQUIRE_FALSE(registry.has_value());
    CHECK(registry.error().code == Errc::malformed);
    types[0].definition = Primitive::u8;
    types[0].parameters = {{"T", TypeId(7)}};
    CHECK_FALSE(Registry::make(types).has_value());
}
