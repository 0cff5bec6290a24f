// From a cut-out picture to what the picture encoder takes: TRELLIS's own crop, resize and
// premultiplication.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "generator/image/resize.hpp"

namespace generator {

// True where alpha says something: some value is not 255.
bool has_cutout(const Image& rgba);

// RGBA -> RGB, size x size: box of alpha > 204 with a margin of a tenth, Lanczos, premultiplied,
// truncated to bytes. To the bit what TRELLIS's preprocess_image makes of it at size 518. An opaque
// picture, whose background TRELLIS would remove first, is taken whole: centred in a square, black
// where it is too short. Where no alpha is above 204, which TRELLIS cannot crop, all of it is
// raised so that the highest is 255. Fails with empty_picture when nothing can be seen, or nothing
// but one pixel. Any thread.
config::Result<Image> prepare(const Image& rgba, int size);

}  // namespace generator
