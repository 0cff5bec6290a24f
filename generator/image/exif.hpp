// Which way up a picture is, from what its file says beside the pixels. Pure functions over hostile
// bytes; any thread.
#pragma once

#include "generator/asset.hpp"

#include <span>

namespace generator {

// The orientation, 1 to 8, where Pillow's exif_transpose looks for it: the EXIF of a JPEG (APP1),
// PNG (eXIf, or else ImageMagick's "Raw profile type exif" in a text) or WebP; where that has no
// such tag, their XMP; in a TIFF its own tags. 1 where there is none or it is broken.
int orientation_of(std::span<const std::uint8_t> file);

// RGBA turned and mirrored as a person should see it.
Image apply_orientation(Image rgba, int orientation);

}  // namespace generator
