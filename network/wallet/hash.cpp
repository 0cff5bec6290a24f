#include "network/wallet/hash.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstdlib>

namespace network {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> blake2b(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, N> digest;
    crypto_generichash_blake2b(digest.data(), N, bytes.data(), bytes.size(), nullptr, 0);
    return digest;
}

}  // namespace

std::array<std::uint8_t, 64> blake2b_512(std::span<const std::uint8_t> bytes) {
    return blake2b<64>(bytes);
}

std::array<std::uint8_t, 32> blake2b_256(std::span<const std::uint8_t> bytes) {
    return blake2b<32>(bytes);
}

std::array<std::uint8_t, 32> sha_256(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, 32> digest;
    crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
    return digest;
}

std::array<std::uint8_t, 32> sha3_256(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, 32> digest;
    unsigned length = 0;
    // Fails only for want of memory, or in an OpenSSL built without SHA-3: then nothing here can
    // work.
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha3_256(), nullptr) !=
        1) {
        std::abort();
    }
    return digest;
}

}  // namespace network
