#include "network/wallet/keypair.hpp"

#include "network/errc.hpp"
#include "network/wallet/schnorr.hpp"
#include "network/wallet/sodium.hpp"
#include "network/wallet/ss58.hpp"

#include <sodium.h>

#include <cassert>

namespace network {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string_view name(Scheme scheme) { return scheme == Scheme::ed25519 ? "ed25519" : "sr25519"; }

Keypair::Keypair(const Secret<64>& secret, const PublicKey& public_key, Scheme scheme)
    : scheme_(scheme), secret_(secret), public_(public_key), address_(ss58_encode(public_key)) {}

Keypair Keypair::from_seed(const Secret<32>& seed) {
    const Secret<64> secret = schnorr::expand(seed);
    const auto public_key = schnorr::public_key(secret.bytes().first<32>());
    assert(public_key);  // clamping keeps the scalar from zero
    return Keypair(secret, *public_key, Scheme::sr25519);
}

Keypair Keypair::from_ed25519_seed(const Secret<32>& seed) {
    ready_sodium();
    Secret<64> secret;
    PublicKey public_key;
    crypto_sign_ed25519_seed_keypair(public_key.data(), secret.bytes().data(), seed.bytes().data());
    return Keypair(secret, public_key, Scheme::ed25519);
}

config::Result<Keypair> Keypair::from_private_key(const Secret<64>& key) {
    const auto scalar = key.bytes().first<32>();
    if (!schnorr::is_private_scalar(scalar)) {
        return config::fail(Errc::bad_key_file, "the private key's scalar is not reduced");
    }
    const auto public_key = schnorr::public_key(scalar);
    if (!public_key) return config::fail(Errc::bad_key_file, "the private key is no key");
    return Keypair(key, *public_key, Scheme::sr25519);
}

Signature Keypair::sign(std::span<const std::uint8_t> message) const {
    if (scheme_ == Scheme::ed25519) {
        Signature signature;
        crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                                     secret_.bytes().data());
        return signature;
    }
    const auto key = secret_.bytes();
    return schnorr::sign(key, public_, message, schnorr::draw_nonce(key, public_, message));
}

Signature Keypair::sign(std::string_view message) const { return sign(bytes_of(message)); }

bool verify(const PublicKey& key, std::span<const std::uint8_t> message,
            const Signature& signature) {
    return schnorr::verify(key, message, signature);
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
    return verify(key, bytes_of(message), signature);
}

bool verify(Scheme scheme, const PublicKey& key, std::string_view message,
            const Signature& signature) {
    if (scheme == Scheme::sr25519) return verify(key, message, signature);
    ready_sodium();
    const auto bytes = bytes_of(message);
    return crypto_sign_ed25519_verify_detached(signature.data(), bytes.data(), bytes.size(),
                                               key.data()) == 0;
}

}  // namespace network
