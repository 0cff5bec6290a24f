#include "network/chain/metagraph_file.hpp"

#include "network/wallet/hash.hpp"
#include "tests/support/catch.hpp"

using namespace network;

namespace {

Metagraph sample() {
    std::vector<Neuron> neurons(3);
    for (std::uint16_t i = 0; i < 3; ++i) {
        neurons[i].uid = std::uint16_t(7 * i);
        neurons[i].hotkey[0] = std::uint8_t(i + 1);
        neurons[i].coldkey[31] = std::uint8_t(i + 1);
        neurons[i].stake_rao = 1ull << (60 + i);
        neurons[i].last_update = i;
    }
    neurons[1].validator_permit = true;
    neurons[1].axon = {AxonAddress::State::usable, "2001:db8::1", 65'535};
    return Metagraph::of({17, 123, false}, neurons).value();
}

void seal(std::vector<std::uint8_t>& bytes) {
    const auto sum = blake2b_256(std::span(bytes).first(bytes.size() - 32));
    std::copy(sum.begin(), sum.end(), bytes.end() - 32);
}

}  // namespace

TEST_CASE("what is packed is unpacked") {
    const auto bytes = pack_metagraph(sample(), "finney");
    const auto back = unpack_metagraph(bytes, "finney", 17, false).value().value();
    CHECK(back.neurons() == sample().neurons());
    CHECK(back.block() == 123);
    CHECK(unpack_metagraph(pack_metagraph(Metagraph::of({17, 1, false}, {}).value(), "x"), "x", 17,
                           false)
              .value()
              .value()
              .neurons()
              .empty());
}

TEST_CASE("another network, subnet or rule is not ours") {
    const auto bytes = pack_metagraph(sample(), "finney");
    CHECK_FALSE(unpack_metagraph(bytes, "test", 17, false).value().has_value());
    CHECK_FALSE(unpack_metagraph(bytes, "finney", 18, false).value().has_value());
    CHECK_FALSE(unpack_metagraph(bytes, "finney", 17, true).value().has_value());
}

TEST_CASE("a byte that is missing, more or another is noticed") {
    const auto bytes = pack_metagraph(sample(), "finney");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] ^= 1;
        CHECK_FALSE(unpack_metagraph(changed, "finney", 17, false).has_value());
        changed.resize(i);
        CHECK_FALSE(unpack_metagraph(changed, "finney", 17, false).has_value());
    }
}

TEST_CASE("lies under a right checksum are bounded") {
    const auto bytes = pack_metagraph(sample(), "finney");
    for (std::size_t i = 8; i + 32 < bytes.size(); ++i) {
        for (const std::uint8_t value : {0x00, 0x03, 0xfe, 0xff}) {
            auto changed = bytes;
            changed[i] = value;
            seal(changed);
            (void)unpack_metagraph(changed, "finney", 17, false);  // whatever it is, in bounds
        }
    }
    auto longer = bytes;
    longer.insert(longer.end() - 32, 0);
    seal(longer);
    CHECK_FALSE(unpack_metagraph(longer, "finney", 17, false).has_value());
}
