// Keys of tests: those of the recorded exchanges, and any number of others.
#pragma once

#include "network/wallet/keypair.hpp"
#include "tests/support/vectors.hpp"

#include <cstdint>
#include <string_view>

namespace tests {

inline network::Keypair recorded_key(std::string_view seed_field) {
    const auto seed = exactly<32>(hex(vectors("dendrite.json").at("keys"), seed_field));
    return network::Keypair::from_seed(network::Secret<32>(seed));
}

inline network::Keypair miner_key() { return recorded_key("miner_seed_hex"); }
inline network::Keypair validator_key() { return recorded_key("validator_seed_hex"); }
inline network::Keypair another_key() { return recorded_key("another_seed_hex"); }

// The same for the same number.
inline network::Keypair key_of(std::uint8_t number) {
    network::Secret<32> seed;
    seed.bytes()[0] = number;
    return network::Keypair::from_seed(seed);
}

}  // namespace tests
