// The pictures that a validator scores, drawn on a GPU and left there; only in a build with CUDA.
#pragma once

#include "generator/render/validator_views.hpp"

#include <ATen/core/Tensor.h>

namespace generator {

// As validator_views(): [views, side, side, 3] u8, RGB. The splats go there once, and are put
// through the validator's normalisation there: a value may differ by one from validator_views().
// Fails as rasterize_cuda() does. Any thread, on the device's current stream; does not wait for it.
config::Result<at::Tensor> validator_views_cuda(const StoredSplats& splats, const ViewPlan& plan,
                                                int device = 0);

}  // namespace generator
