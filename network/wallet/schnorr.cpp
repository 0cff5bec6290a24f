#include "network/wallet/schnorr.hpp"

#include "network/wallet/nonce_point.hpp"
#include "network/wallet/sodium.hpp"
#include "network/wallet/transcript.hpp"

#include <sodium.h>

#include <cassert>

namespace network::schnorr {
namespace {

constexpr std::uint8_t kMark =
    0x80;  // in the last byte: a schnorrkel signature, not an ed25519 one

// The scalar c that binds message, key and R together.
Secret<32> challenge(const PublicKey& key, Bytes message,
                     std::span<const std::uint8_t, 32> nonce_point) {
    Transcript transcript("SigningContext");
    transcript.append("", "substrate");
    transcript.append("sign-bytes", message);
    transcript.append("proto-name", "Schnorr-sig");
    transcript.append("sign:pk", key);
    transcript.append("sign:R", nonce_point);
    std::array<std::uint8_t, 64> wide;
    transcript.challenge("sign:c", wide);
    return reduce(wide);
}

bool is_canonical(std::span<const std::uint8_t, 32> scalar) {
    Secret<64> wide;
    std::copy(scalar.begin(), scalar.end(), wide.bytes().begin());
    const Secret<32> reduced = reduce(wide.bytes());
    return sodium_memcmp(reduced.bytes().data(), scalar.data(), scalar.size()) == 0;
}

}  // namespace

Secret<64> expand(const Secret<32>& seed) {
    Secret<64> key;
    const auto bytes = key.bytes();
    crypto_hash_sha512(bytes.data(), seed.bytes().data(), seed.bytes().size());
    bytes[0] &= 248;
    bytes[31] &= 63;
    bytes[31] |= 64;
    for (int i = 0; i < 32; ++i) {
        const unsigned above = i < 31 ? bytes[i + 1] : 0;
        bytes[i] = std::uint8_t(bytes[i] >> 3 | above << 5);
    }
    return key;
}

bool is_private_scalar(std::span<const std::uint8_t, 32> scalar) {
    return is_canonical(scalar) && sodium_is_zero(scalar.data(), scalar.size()) == 0;
}

std::optional<PublicKey> public_key(std::span<const std::uint8_t, 32> scalar) {
    ready_sodium();
    PublicKey key;
    if (crypto_scalarmult_ristretto255_base(key.data(), scalar.data()) != 0) return std::nullopt;
    return key;
}

Secret<32> reduce(std::span<const std::uint8_t, 64> wide) {
    Secret<32> scalar;
    crypto_core_ristretto255_scalar_reduce(scalar.bytes().data(), wide.data());
    return scalar;
}

Signature sign(PrivateKey key, const PublicKey& public_key, Bytes message, const Secret<32>& r) {
    ready_sodium();
    Signature signature;
    const auto nonce_point = std::span(signature).first<32>();
    [[maybe_unused]] const int status =
        crypto_scalarmult_ristretto255_base(nonce_point.data(), r.bytes().data());
    assert(status == 0);  // r = 0 alone gives the identity

    const Secret<32> c = challenge(public_key, message, nonce_point);
    Secret<32> s;
    crypto_core_ristretto255_scalar_mul(s.bytes().data(), c.bytes().data(), key.data());
    crypto_core_ristretto255_scalar_add(s.bytes().data(), s.bytes().data(), r.bytes().data());
    std::copy(s.bytes().begin(), s.bytes().end(), signature.begin() + 32);
    signature.back() |= kMark;
    return signature;
}

Secret<32> draw_nonce(PrivateKey key, const PublicKey& public_key, Bytes message) {
    ready_sodium();
    Secret<32> random;
    randombytes_buf(random.bytes().data(), random.bytes().size());

    crypto_generichash_blake2b_state state;
    Secret<64> wide;
    const auto nonce_part = key.last<32>();
    crypto_generichash_blake2b_init(&state, nonce_part.data(), nonce_part.size(),
                                    wide.bytes().size());
    crypto_generichash_blake2b_update(&state, random.bytes().data(), random.bytes().size());
    crypto_generichash_blake2b_update(&state, public_key.data(), public_key.size());
    crypto_generichash_blake2b_update(&state, message.data(), message.size());
    crypto_generichash_blake2b_final(&state, wide.bytes().data(), wide.bytes().size());
    wipe(&state, sizeof state);
    return reduce(wide.bytes());
}

bool verify(const PublicKey& public_key, Bytes message, const Signature& signature) {
    ready_sodium();
    if ((signature.back() & kMark) == 0) return false;
    const auto nonce_point = std::span(signature).first<32>();
    std::array<std::uint8_t, 32> s;
    std::copy(signature.begin() + 32, signature.end(), s.begin());
    s.back() &= std::uint8_t(~kMark);
    if (!is_canonical(s)) return false;

    // R must be s B - c A. It needs no look of its own, since it is compared as an encoding.
    const Secret<32> c = challenge(public_key, message, nonce_point);
    const auto expected = schnorr::nonce_point(public_key, c.bytes(), s);
    return expected && sodium_memcmp(expected->data(), nonce_point.data(), expected->size()) == 0;
}

}  // namespace network::schnorr
