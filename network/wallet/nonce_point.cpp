#include "network/wallet/nonce_point.hpp"

#include "network/wallet/sodium.hpp"

#include <sodium.h>

#ifdef MINER_DECAF
#include <decaf/point_255.h>
#endif

namespace network::schnorr {

std::optional<std::array<std::uint8_t, 32>> nonce_point_by_sodium(const PublicKey& key, Scalar c,
                                                                  Scalar s) {
    ready_sodium();
    std::array<std::uint8_t, 32> key_part, base_part, point;
    // Sodium refuses a key that is no canonical encoding, and a product that is the identity.
    if (crypto_scalarmult_ristretto255(key_part.data(), c.data(), key.data()) != 0 ||
        crypto_scalarmult_ristretto255_base(base_part.data(), s.data()) != 0 ||
        crypto_core_ristretto255_sub(point.data(), base_part.data(), key_part.data()) != 0)
        return std::nullopt;
    return point;
}

#ifdef MINER_DECAF
std::optional<std::array<std::uint8_t, 32>> nonce_point(const PublicKey& key, Scalar c, Scalar s) {
    decaf_255_point_t point;
    decaf_255_scalar_t of_key, of_base;
    if (decaf_255_point_decode(point, key.data(), DECAF_FALSE) != DECAF_SUCCESS ||
        decaf_255_scalar_decode(of_key, c.data()) != DECAF_SUCCESS ||
        decaf_255_scalar_decode(of_base, s.data()) != DECAF_SUCCESS)
        return std::nullopt;
    // As sodium does.
    if (decaf_255_scalar_eq(of_key, decaf_255_scalar_zero) == DECAF_TRUE ||
        decaf_255_scalar_eq(of_base, decaf_255_scalar_zero) == DECAF_TRUE)
        return std::nullopt;
    decaf_255_scalar_sub(of_key, decaf_255_scalar_zero, of_key);
    decaf_255_base_double_scalarmul_non_secret(point, of_base, point, of_key);
    std::array<std::uint8_t, 32> encoded;
    decaf_255_point_encode(encoded.data(), point);
    return encoded;
}
#else
std::optional<std::array<std::uint8_t, 32>> nonce_point(const PublicKey& key, Scalar c, Scalar s) {
    return nonce_point_by_sodium(key, c, s);
}
#endif

}  // namespace network::schnorr
