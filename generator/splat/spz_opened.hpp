// A file of SPZ with its container undone. Private to splat/.
#pragma once

#include "generator/splat/spz_format.hpp"

#include <functional>
#include <span>

namespace generator {

struct OpenedSpz {
    SpzFamily family = SpzFamily::subnet;
    SpzHeader header;
    SpzArrays arrays;
    // Header, arrays and whatever follows, as they lie in the container; empty in version 4, which
    // has them apart.
    std::span<const std::uint8_t> payload;
};

using UseOfSpz = std::function<config::Result<void>(const OpenedSpz&)>;

// Any of the three families: version, count and sizes are checked before anything is allocated.
// What `use` is given is there as long as it runs, and what it returns is returned. Fails with
// bad_splats; throws std::bad_alloc. Lives in spz_read.cpp.
config::Result<void> with_opened_spz(std::span<const std::uint8_t> bytes, const SpzLimits& limits,
                                     const UseOfSpz& use);

}  // namespace generator
