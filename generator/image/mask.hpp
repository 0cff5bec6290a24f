// What lies around the network that finds a picture's object: the mask's own checks, and the
// picture cut out by it, as rembg does for TRELLIS. Pure, exact to the byte.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

namespace generator {

// Its longest side 1024 at most (Lanczos), as TRELLIS makes it; a smaller one as it is.
Image within_side(const Image& image);

// RGBA -> what TRELLIS hands to the network: alpha dropped, the longest side 1024 at most
// (Lanczos).
Image without_alpha(const Image& rgba);

// `mask` [width x height x 1] of the same size as `rgb` (RGB). Every channel is blended with
// nothing by the mask, as Pillow's paste does: the colours darken towards the edge, and alpha is
// the mask.
Image cut_out(const Image& rgb, const Image& mask);

// Fails with bad_mask: empty (hardly a pixel is opaque), full (hardly one is not), in crumbs (its
// largest piece is less than half of it). Opaque is what TRELLIS's crop takes for it, above 204.
config::Result<void> expect_useful(const Image& mask);

}  // namespace generator
