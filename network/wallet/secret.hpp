// Bytes that nobody should see: wiped when they die, never printed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace network {

// Overwrites memory in a way the compiler keeps.
void wipe(void* data, std::size_t bytes);

template <std::size_t N>
class Secret {
public:
    Secret() = default;
    explicit Secret(std::span<const std::uint8_t, N> bytes) {
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    }
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { wipe(bytes_.data(), N); }

    std::span<const std::uint8_t, N> bytes() const { return bytes_; }
    std::span<std::uint8_t, N> bytes() { return bytes_; }

private:
    std::array<std::uint8_t, N> bytes_{};
};

// There is deliberately no way to print, format or compare one.

}  // namespace network
