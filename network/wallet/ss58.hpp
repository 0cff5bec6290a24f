// SS58: base58 of the network prefix (42), the public key and two bytes of BLAKE2b-512("SS58PRE" +
// those).
#pragma once

#include "config/result.hpp"
#include "network/wallet/keypair.hpp"

#include <string>
#include <string_view>

namespace network {

std::string ss58_encode(const PublicKey& key);

// Of whatever network: a key has one address for each, and they differ in nothing but the prefix.
struct NetworkAddress {
    unsigned network = 0;  // 0 to 16,383
    PublicKey key{};
};

// Fails with bad_address; the detail says which of length, alphabet and checksum.
config::Result<NetworkAddress> ss58_decode_any(std::string_view text);

// Fails with bad_address: another length, alphabet, prefix than 42, or checksum; the detail says
// which.
config::Result<PublicKey> ss58_decode(std::string_view text);

}  // namespace network
