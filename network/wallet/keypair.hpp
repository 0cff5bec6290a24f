// An sr25519 key that signs (Schnorr over ristretto255 with merlin transcripts, as Substrate has
// it).
#pragma once

#include "config/result.hpp"
#include "network/wallet/secret.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace network {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

class Keypair {
public:
    // From a mini secret (the key file's secretSeed), as ed25519 expands it.
    static Keypair from_seed(const Secret<32>& seed);

    // From the key file's privateKey: scalar (already divided by 8) || nonce part. Fails with
    // bad_key_file when the scalar is not reduced.
    static config::Result<Keypair> from_private_key(const Secret<64>& key);

    const PublicKey& public_key() const { return public_; }
    const std::string& address() const { return address_; }  // ss58, network 42

    // Randomised: two signatures of one message differ. Context "substrate".
    Signature sign(std::span<const std::uint8_t> message) const;
    Signature sign(std::string_view message) const;

private:
    Keypair(const Secret<64>& secret, const PublicKey& public_key);

    Secret<64> secret_;
    PublicKey public_;
    std::string address_;
};

// True when `signature` is `key`'s over exactly `message`. Refuses a missing mark, s >= L,
// non-canonical R or key.
bool verify(const PublicKey& key, std::span<const std::uint8_t> message,
            const Signature& signature);
bool verify(const PublicKey& key, std::string_view message, const Signature& signature);

}  // namespace network
