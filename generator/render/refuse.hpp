// What no rasterizer takes. Private to render/.
#pragma once

#include "generator/render/rasterize.hpp"

#include <optional>

namespace generator {

// Why these cannot be rendered; nothing when they can.
std::optional<config::Error> refuse_to_render(const Gaussians& gaussians, const Camera& camera,
                                              const RasterizeOptions& options);

}  // namespace generator
