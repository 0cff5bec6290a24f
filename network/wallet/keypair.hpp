// A key that signs: sr25519 (Schnorr over ristretto255 with merlin transcripts, as Substrate has
// it) or ed25519, which the SDK of 2026 knows too.
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

// The numbers are those of a key file's cryptoType.
enum class Scheme { ed25519 = 0, sr25519 = 1 };

std::string_view name(Scheme scheme);  // "ed25519", "sr25519"

class Keypair {
public:
    // From a mini secret (the key file's secretSeed), as ed25519 expands it.
    static Keypair from_seed(const Secret<32>& seed);
    static Keypair from_ed25519_seed(const Secret<32>& seed);

    // From the key file's privateKey: scalar (already divided by 8) || nonce part. Fails with
    // bad_key_file when the scalar is not reduced.
    static config::Result<Keypair> from_private_key(const Secret<64>& key);

    const PublicKey& public_key() const { return public_; }
    const std::string& address() const { return address_; }  // ss58, network 42
    Scheme scheme() const { return scheme_; }

    // sr25519: randomised, two signatures of one message differ; context "substrate".
    Signature sign(std::span<const std::uint8_t> message) const;
    Signature sign(std::string_view message) const;

private:
    Keypair(const Secret<64>& secret, const PublicKey& public_key, Scheme scheme);

    Scheme scheme_;
    LockedSecret<64> secret_;  // ed25519: seed || public key
    PublicKey public_;
    std::string address_;
};

// True when `signature` is `key`'s over exactly `message`; sr25519 unless said otherwise. Refuses a
// missing mark, s >= L, non-canonical R or key.
bool verify(const PublicKey& key, std::span<const std::uint8_t> message,
            const Signature& signature);
bool verify(const PublicKey& key, std::string_view message, const Signature& signature);
bool verify(Scheme scheme, const PublicKey& key, std::string_view message,
            const Signature& signature);

}  // namespace network
