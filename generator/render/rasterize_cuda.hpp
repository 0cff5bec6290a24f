// Gaussians to pixels on a GPU, by the contract of rasterize.hpp; only in a build with CUDA.
#pragma once

#include "generator/render/rasterize.hpp"

namespace generator {

// As rasterize(), whose results it equals within the golden files' tolerances; `threads` and
// `vectors` do not count. Memory, on the device: 150 bytes a Gaussian and 48 for each tile that one
// touches, of which there may be 2^28 in all; beyond, and where there is no room: out_of_memory.
// Any thread, on the device's current stream; waits for it.
config::Result<Rendering> rasterize_cuda(const Gaussians& gaussians, const Camera& camera,
                                         const RasterizeOptions& options = {}, int device = 0);

}  // namespace generator
