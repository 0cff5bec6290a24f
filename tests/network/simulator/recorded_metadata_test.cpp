#include "network/simulator/recorded_metadata.hpp"

#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using namespace network;

namespace {

std::size_t fields_of_a_neuron(const std::vector<std::uint8_t>& bytes) {
    const auto metadata = Metadata::parse(bytes).value();
    const auto id = metadata.types.find("NeuronInfoLite").value();
    return std::get<CompositeType>(metadata.types[id].definition).fields.size();
}

}  // namespace

TEST_CASE("the embedded metadata is the recorded one") {
    const auto recorded = tests::recorded_bytes("metadata_v15_opaque.hex.gz");
    const auto embedded = recorded_metadata();
    REQUIRE(embedded.size() < recorded.size());
    CHECK(std::equal(embedded.rbegin(), embedded.rend(), recorded.rbegin()));
    CHECK(std::string(embedded.begin(), embedded.begin() + 4) == "meta");
}

TEST_CASE("the upgraded one has a field more in each neuron") {
    CHECK(fields_of_a_neuron(upgraded_metadata()) == fields_of_a_neuron(recorded_metadata()) + 1);
}
