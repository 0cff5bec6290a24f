// From a cut-out picture to what the picture encoder takes: TRELLIS's own crop, resize and premultiplication.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

namespace generator {

enum class Filter { lanczos, bicubic, box };

// Pillow's resize, exact to the bit; with alpha it works on premultiplied bytes as Pillow does.
Image resize(const Image& image, int width, int height, Filter filter);

// True where alpha says something: some value is not 255.
bool has_cutout(const Image& rgba);

// RGBA -> RGB, size x size: box of alpha > 204 with a margin of a tenth, Lanczos, premultiplied, truncated to bytes.
// An opaque picture is taken whole. Fails with empty_picture when nothing is opaque.
config::Result<Image> prepare(const Image& rgba, int size);

}  // namespace generator
