#include "network/chain/era.hpp"

#include <algorithm>
#include <bit>

namespace network {
namespace {

constexpr std::uint64_t kShortest = 4;
constexpr std::uint64_t kLongest = 65'536;

// The phase of a long era is rounded, so that it fits into 12 bits.
std::uint64_t grain(const Era& era) { return std::max<std::uint64_t>(1, era.period >> 12); }

std::uint64_t phase(const Era& era) {
    return era.current_block % era.period / grain(era) * grain(era);
}

}  // namespace

Era Era::lasting(std::uint64_t blocks, std::uint64_t current_block) {
    return {std::bit_ceil(std::clamp(blocks, kShortest, kLongest)), current_block};
}

std::uint64_t Era::birth_block() const {
    return (std::max(current_block, phase(*this)) - phase(*this)) / period * period + phase(*this);
}

std::array<std::uint8_t, 2> Era::encoded() const {
    const int length = std::clamp(std::countr_zero(period) - 1, 1, 15);
    const std::uint64_t packed = std::uint64_t(length) | phase(*this) / grain(*this) << 4;
    return {std::uint8_t(packed), std::uint8_t(packed >> 8)};
}

}  // namespace network
