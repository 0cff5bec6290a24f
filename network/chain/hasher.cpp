#include "network/chain/hasher.hpp"

#include <sodium.h>
#include <xxhash.h>

namespace network {
namespace {

std::vector<std::uint8_t> twox(std::size_t length, std::span<const std::uint8_t> bytes) {
    std::vector<std::uint8_t> digest;
    for (XXH64_hash_t seed = 0; seed < length / 8; ++seed) {
        const XXH64_hash_t hash = XXH64(bytes.data(), bytes.size(), seed);
        for (int i = 0; i < 8; ++i) digest.push_back(std::uint8_t(hash >> (8 * i)));
    }
    return digest;
}

std::vector<std::uint8_t> blake2b(std::size_t length, std::span<const std::uint8_t> bytes) {
    std::vector<std::uint8_t> digest(length);
    crypto_generichash_blake2b(digest.data(), length, bytes.data(), bytes.size(), nullptr, 0);
    return digest;
}

std::vector<std::uint8_t> concat(std::vector<std::uint8_t> hash,
                                 std::span<const std::uint8_t> bytes) {
    hash.insert(hash.end(), bytes.begin(), bytes.end());
    return hash;
}

}  // namespace

std::vector<std::uint8_t> hashed(Hasher hasher, std::span<const std::uint8_t> bytes) {
    switch (hasher) {
        case Hasher::blake2_128:
            return blake2b(16, bytes);
        case Hasher::blake2_256:
            return blake2b(32, bytes);
        case Hasher::blake2_128_concat:
            return concat(blake2b(16, bytes), bytes);
        case Hasher::twox_128:
            return twox(16, bytes);
        case Hasher::twox_256:
            return twox(32, bytes);
        case Hasher::twox_64_concat:
            return concat(twox(8, bytes), bytes);
        case Hasher::identity:
            return {bytes.begin(), bytes.end()};
    }
    return {};
}

}  // namespace network
