// SS58: base58 of the network prefix (42), the public key and two bytes of BLAKE2b-512("SS58PRE" +
// those).
#pragma once

#include "config/result.hpp"
#include "network/wallet/keypair.hpp"

#include <string>
#include <string_view>

namespace network {

std::string ss58_encode(const PublicKey& key);

// Fails with bad_address: another length, alphabet, prefix than 42, or checksum; the detail says
// which.
config::Result<PublicKey> ss58_decode(std::string_view text);

}  // namespace network
