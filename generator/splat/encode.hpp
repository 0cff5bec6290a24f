// From the model's Gaussians to the bytes that are sent, without what lies between.
#pragma once

#include "generator/asset.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/spz.hpp"

#include <cstdint>
#include <vector>

namespace generator {

struct EncodedSplats {
    std::int64_t gaussians = 0;
    std::vector<std::uint8_t> spz;  // empty where nothing was worth keeping
};

// write_spz(export_splats(splats, how), options), byte for byte, and a multiple as fast, as no
// Gaussian is copied and no logarithm taken. Any thread; options.threads as there.
EncodedSplats encode_spz(const Splats& splats, const ExportOptions& how = {},
                         const SpzOptions& options = {});

}  // namespace generator
