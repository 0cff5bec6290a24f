// How much a view of splats looks like the picture that they were made from, where no network that
// judges pictures is at hand. Pure; any thread.
#pragma once

#include "generator/asset.hpp"

#include <optional>

namespace miner {

// 0 to 1: overlap of the silhouettes (sum of the lesser opacity over sum of the greater) times the
// closeness of colour where both are (1 minus the mean difference of a channel). Both pictures
// RGBA; each is first cut to the square about what is more than half opaque, so that size and place
// do not count. Nothing where either shows nothing, or leaves nothing out and so has no silhouette.
std::optional<double> likeness(const generator::Image& picture, const generator::Image& view);

}  // namespace miner
