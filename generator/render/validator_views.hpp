// The pictures that a validator scores, of splats as they were submitted.
#pragma once

#include "generator/asset.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/splat/ply.hpp"

#include <vector>

namespace generator {

// 15 views of 518 x 518, RGB, once around from the front, on white; the validator's 16th repeats
// the first. Fails as the rasterizer does. Does not ask whether the validator would refuse the
// splats (splat/health.hpp).
config::Result<std::vector<Image>> validator_views(const StoredSplats& splats,
                                                   const Rasterizer& rasterizer);

}  // namespace generator
