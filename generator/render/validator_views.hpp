// The pictures that a validator scores, of splats as they were submitted.
#pragma once

#include "generator/asset.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/splat/ply.hpp"

#include <vector>

namespace generator {

// Every `step`-th of a validator's 15 views that differ, from the first on, squares of `side`
// pixels.
struct ViewPlan {
    int step = 1;
    int side = 518;
};

// RGB, once around from the front, on white; the validator's own unless `plan` says otherwise. Its
// 16th repeats the first. Fails as the rasterizer does. Does not ask whether the validator would
// refuse the splats (splat/health.hpp).
config::Result<std::vector<Image>> validator_views(const StoredSplats& splats,
                                                   const Rasterizer& rasterizer,
                                                   const ViewPlan& plan = {});

}  // namespace generator
