// How much a view of splats looks like the picture that they were made from, where no network that
// judges pictures is at hand. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "generator/render/rasterize.hpp"

#include <optional>

namespace miner {

// 0 to 1: overlap of the silhouettes (the lesser opacity over the mean of both, each summed) times
// the closeness of colour where both are (1 minus the mean difference of a channel). Both pictures
// RGBA; each is first cut to the square about what is more than half opaque, so that size and place
// do not count. Nothing where either shows nothing, or leaves nothing out and so has no silhouette.
std::optional<double> likeness(const generator::Image& picture, const generator::Image& view);

// The same framing where both ought to be one object in one light: the share of the area of both
// together, opacity for opacity, that is there in both and in its colour. A mean difference of a
// channel of 0.4 or more is another colour and counts nothing, less counts in proportion. 0 to 1,
// and 0 where either shows nothing or has no silhouette.
double agreement(const generator::Image& truth, const generator::Image& view);

// The validator's view `index`, `side` pixels square, cut out: RGBA. On one thread, as the
// generator is at work on the next task. Fails as the rasterizer does.
config::Result<generator::Image> cut_out_view(const generator::Gaussians& gaussians, int index,
                                              int side);

}  // namespace miner
