#include "network/wallet/keypair.hpp"

#include "network/errc.hpp"
#include "network/wallet/schnorr.hpp"
#include "network/wallet/ss58.hpp"

#include <cassert>

namespace network {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Keypair::Keypair(const Secret<64>& secret, const PublicKey& public_key)
    : secret_(secret), public_(public_key), address_(ss58_encode(public_key)) {}

Keypair Keypair::from_seed(const Secret<32>& seed) {
    const Secret<64> secret = schnorr::expand(seed);
    const auto public_key = schnorr::public_key(secret.bytes().first<32>());
    assert(public_key);  // clamping keeps the scalar from zero
    return Keypair(secret, *public_key);
}

config::Result<Keypair> Keypair::from_private_key(const Secret<64>& key) {
    const auto scalar = key.bytes().first<32>();
    if (!schnorr::is_private_scalar(scalar)) {
        return config::fail(Errc::bad_key_file, "the private key's scalar is not reduced");
    }
    const auto public_key = schnorr::public_key(scalar);
    if (!public_key) return config::fail(Errc::bad_key_file, "the private key is no key");
    return Keypair(key, *public_key);
}

Signature Keypair::sign(std::span<const std::uint8_t> message) const {
    return schnorr::sign(secret_, public_, message, schnorr::draw_nonce(secret_, public_, message));
}

Signature Keypair::sign(std::string_view message) const { return sign(bytes_of(message)); }

bool verify(const PublicKey& key, std::span<const std::uint8_t> message,
            const Signature& signature) {
    return schnorr::verify(key, message, signature);
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
    return verify(key, bytes_of(message), signature);
}

}  // namespace network
