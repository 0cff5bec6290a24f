// The hashes of wallets and signed requests. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace network {

std::array<std::uint8_t, 64> blake2b_512(std::span<const std::uint8_t> bytes);
std::array<std::uint8_t, 32> blake2b_256(std::span<const std::uint8_t> bytes);

std::array<std::uint8_t, 32> sha_256(std::span<const std::uint8_t> bytes);

// FIPS 202, not Keccak's first padding.
std::array<std::uint8_t, 32> sha3_256(std::span<const std::uint8_t> bytes);

}  // namespace network
