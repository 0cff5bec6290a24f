// The point that a signature must have been made with: the arithmetic of verification, apart from
// its bytes. All of it is public, so it may take as long as its numbers make it.
#pragma once

#include "network/wallet/keypair.hpp"

#include <array>
#include <optional>
#include <span>

namespace network::schnorr {

using Scalar = std::span<const std::uint8_t, 32>;  // little endian, below the group order L

// The encoding of s B - c A, where A is the key. Empty where that is the identity or no canonical
// encoding (RFC 9496, 4.3.1), and where s is 0: no honest signature has these. Any thread.
std::optional<std::array<std::uint8_t, 32>> nonce_point(const PublicKey& key, Scalar c, Scalar s);

// The same by libsodium, which does all in constant time: for machines without libdecaf, and to
// hold the other against.
std::optional<std::array<std::uint8_t, 32>> nonce_point_by_sodium(const PublicKey& key, Scalar c,
                                                                  Scalar s);

}  // namespace network::schnorr
