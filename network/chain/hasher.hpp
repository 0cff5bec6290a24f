// The hashes of storage keys. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace network {

// In the order of their numbers in the metadata.
enum class Hasher : std::uint8_t {
    blake2_128,
    blake2_256,
    blake2_128_concat,  // the hash, then the bytes themselves: keys that can be listed and read
    twox_128,
    twox_256,
    twox_64_concat,
    identity,
};

// Substrate's "twox": xxHash64 with seeds 0, 1, ..., little endian, one after another.
std::vector<std::uint8_t> hashed(Hasher hasher, std::span<const std::uint8_t> bytes);

}  // namespace network
