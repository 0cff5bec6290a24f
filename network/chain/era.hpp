// For how many blocks an extrinsic may be included. Pure; any thread.
// Source: sp_runtime::generic::Era.
#pragma once

#include <array>
#include <cstdint>

namespace network {

// A mortal era; an immortal one is none at all.
struct Era {
    std::uint64_t period = 64;  // blocks; a power of two from 4 to 65,536
    std::uint64_t current_block = 0;

    // The era for about `blocks` blocks from `current_block` on: their number is raised to a power
    // of two within the limits.
    static Era lasting(std::uint64_t blocks, std::uint64_t current_block);

    // The block whose hash is signed: the last one, up to `current_block`, where the era may begin.
    std::uint64_t birth_block() const;

    std::array<std::uint8_t, 2> encoded() const;
};

}  // namespace network
