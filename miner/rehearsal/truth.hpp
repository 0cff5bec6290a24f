// What the rehearsal's validator knows of an object, and how near a submission comes to it. Pure;
// any thread.
//
// A strip is a PNG, RGBA with straight alpha: eight squares side by side. Square i is the object
// from the place of the validator's view 2 i (generator/render/camera.hpp), as it would be
// submitted: y up, longest side 1.5, centred; in its plain colours, without light, on nothing.
// ops/rehearsal/truth.py draws them for any object of ops/nano/shapes.py.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "generator/splat/ply.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace miner {

constexpr int kTrueViews = 8;

struct TrueViews {
    std::vector<generator::Image> views;  // kTrueViews squares of one size, RGBA
};

// A strip's squares. Fails as generator::decode does, and with broken_picture where it is no row of
// eight squares, or one of them shows nothing or leaves nothing out.
config::Result<TrueViews> read_true_views(std::span<const std::uint8_t> png);

// Of these objects, as far as they are inside the executable: all that embedded pictures and
// prompts name are.
std::vector<TrueViews> embedded_truth(std::span<const int> objects);

// 0 to 1: how far the splats show one of these objects, the one that they show best. Of each object
// the views are compared with the same views of the splats (agreement() of likeness.hpp), and the
// mean of the worse half counts: what is right from some sides only is not right. Does not ask
// whether the validator would refuse the splats (splat/health.hpp). Equal input gives equal bits,
// with any number of cores. One thread, about half a second for 200,000 Gaussians.
double truth_score(const generator::StoredSplats& splats, std::span<const TrueViews> objects);

}  // namespace miner
