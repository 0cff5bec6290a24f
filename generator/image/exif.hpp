// Which way up a picture is, from the EXIF block of its file. Pure functions over hostile bytes;
// any thread.
#pragma once

#include "generator/asset.hpp"

#include <span>

namespace generator {

// The orientation tag, 1 to 8, of a PNG (eXIf), JPEG (APP1) or WebP (EXIF chunk); 1 where there is
// none or it is broken.
int exif_orientation(std::span<const std::uint8_t> file);

// RGBA turned and mirrored as a person should see it.
Image apply_orientation(Image rgba, int orientation);

}  // namespace generator
