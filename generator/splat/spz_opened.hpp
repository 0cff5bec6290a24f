// A file of SPZ with its container undone. Private to splat/.
#pragma once

#include "generator/splat/spz_format.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace generator {

struct OpenedSpz {
    SpzFamily family = SpzFamily::subnet;
    SpzHeader header;
    SpzArrays arrays;
    // Header, arrays and whatever follows, as they lie in the container; empty in version 4, which
    // has them apart.
    std::span<const std::uint8_t> payload;
    std::span<const std::uint8_t> extensions;  // of Niantic's files: records, and maybe none
};

using UseOfSpz = std::function<config::Result<void>(const OpenedSpz&)>;

// Any of the three families: version, count and sizes are checked before anything is allocated.
// What `use` is given is there as long as it runs, and what it returns is returned. Fails with
// bad_splats; throws std::bad_alloc. Lives in spz_read.cpp.
config::Result<void> with_opened_spz(std::span<const std::uint8_t> bytes, const SpzLimits& limits,
                                     const UseOfSpz& use);

// What Niantic's extensions say, as far as it changes what is read. A record that is longer than
// what is left ends them, as it does for Niantic's library.
struct SpzExtensions {
    std::optional<UpAxis> up;            // by SPZ_ADOBE_coordinate_system
    bool faces_away = false;             // by the same: left is right in it, and front is back
    std::vector<std::uint32_t> unknown;  // kinds that nothing is known of; the first few
};

// Fails with bad_splats where Gaussians lie in axes that no turn about x brings upright.
config::Result<SpzExtensions> read_spz_extensions(std::span<const std::uint8_t> records);

}  // namespace generator
