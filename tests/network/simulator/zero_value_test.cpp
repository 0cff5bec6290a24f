#include "network/simulator/zero_value.hpp"

#include "network/chain/codec.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

using namespace network;

TEST_CASE("the zero of whatever the subnet's methods answer can be encoded and read back") {
    const auto& metadata = tests::recorded_metadata(15);
    int methods = 0;
    for (const auto& method : metadata.methods) {
        if (!method.name.starts_with("SubnetInfo") && !method.name.starts_with("NeuronInfo"))
            continue;
        CAPTURE(method.name);
        const auto zero = zero_value(metadata.types, method.output);
        const auto bytes = encode(metadata.types, method.output, zero);
        REQUIRE(bytes.has_value());
        CHECK(decode(metadata.types, method.output, *bytes).has_value());
        ++methods;
    }
    CHECK(methods > 5);
}

TEST_CASE("a neuron of zeros has every field") {
    const auto& types = tests::recorded_metadata(15).types;
    const auto id = types.find("NeuronInfoLite").value();
    const auto zero = zero_value(types, id);
    CHECK(zero.find("uid")->u64() == 0);
    CHECK(zero.find("validator_permit")->boolean() == false);
    CHECK(zero.find("axon_info")->find("ip")->u64() == 0);
    CHECK(zero.find("hotkey")->bytes()->size() == 32);
}
