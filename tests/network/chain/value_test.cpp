#include "network/chain/value.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using network::Int128;
using network::Uint128;
using network::Value;

TEST_CASE("a number is read as any type that can hold it") {
    const Value small(std::uint16_t(17));
    CHECK(small.u64() == 17);
    CHECK((small.i128() == Int128(17)));
    const Value negative(-1);
    CHECK_FALSE(negative.u64());
    CHECK_FALSE(negative.u128());
    CHECK((negative.i128() == Int128(-1)));
    const Value wide(Uint128(1) << 64);
    CHECK_FALSE(wide.u64());
    CHECK((wide.u128() == Uint128(1) << 64));
    const Value widest(~Uint128(0));
    CHECK_FALSE(widest.i128());
    CHECK((Value(5).u128() == Uint128(5)));
}

TEST_CASE("a value of another kind gives nothing") {
    const Value truth(true);
    CHECK(truth.boolean() == true);
    CHECK_FALSE(truth.u128());
    CHECK(truth.list() == nullptr);
    CHECK(truth.find("port") == nullptr);
    CHECK(truth.some() == nullptr);
    CHECK_FALSE(Value(std::string("1")).u64());
    CHECK_FALSE(Value(1u).boolean());
}

TEST_CASE("fields are found by name, wherever they stand") {
    const Value record(Value::Record{{"ip", 1u}, {"port", 8091u}});
    REQUIRE(record.find("port") != nullptr);
    CHECK(record.find("port")->u64() == 8091);
    CHECK(record.find("protocol") == nullptr);
}

TEST_CASE("an option is something or nothing, also inside another") {
    CHECK(Value::none().some() == nullptr);
    const Value nested = Value::some(Value::none());
    REQUIRE(nested.some() != nullptr);
    CHECK(*nested.some() == Value::none());
    CHECK_FALSE(nested == Value::none());
}
