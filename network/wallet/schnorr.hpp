// The arithmetic of sr25519, on bytes: what Keypair and verify() are made of, open for tests and
// key derivation. Scalars are 32 bytes little endian below the group order L; points are
// ristretto255 encodings. Any thread. Source: schnorrkel 0.9 (keys.rs, sign.rs, context.rs), as
// Substrate uses it.
#pragma once

#include "network/wallet/keypair.hpp"

#include <optional>
#include <span>

namespace network::schnorr {

using Bytes = std::span<const std::uint8_t>;
using PrivateKey = std::span<const std::uint8_t, 64>;  // scalar || nonce part

// SHA-512 of the seed, first half clamped as ed25519 does and divided by 8, second half as it is.
Secret<64> expand(const Secret<32>& seed);

// Below L, and not zero.
bool is_private_scalar(std::span<const std::uint8_t, 32> scalar);

// Scalar times base point; empty for the identity.
std::optional<PublicKey> public_key(std::span<const std::uint8_t, 32> scalar);

// 64 bytes little endian mod L.
Secret<32> reduce(std::span<const std::uint8_t, 64> wide);

// With the given nonce `r`, a scalar that nobody may know and that serves one message only.
Signature sign(PrivateKey key, const PublicKey& public_key, Bytes message, const Secret<32>& r);

// A nonce from fresh random bytes, the key's nonce part and the message: it stays secret as long as
// either of the first two is, and messages do not share one.
Secret<32> draw_nonce(PrivateKey key, const PublicKey& public_key, Bytes message);

bool verify(const PublicKey& public_key, Bytes message, const Signature& signature);

}  // namespace network::schnorr
