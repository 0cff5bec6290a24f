// Pillow's resize for 8-bit pictures, exact to the bit: per axis a table of weights with 22
// fractional bits, the horizontal pass first, each pass rounded to bytes. Pictures with alpha (2 or
// 4 channels) are premultiplied before and divided by alpha again afterwards, all in bytes. Source:
// Pillow's Resample.c and Convert.c, the order of the two passes as in versions up to 12.
#pragma once

#include "generator/asset.hpp"

namespace generator {

enum class Filter { lanczos, bicubic, box };

// width, height > 0. Any thread.
Image resize(const Image& image, int width, int height, Filter filter);

// A rectangle of pixels, right and bottom excluded.
struct Window {
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;
};

// Resizes a cut-out of the picture. The window may reach beyond the picture: zeros are there, which
// are neither stored nor computed with, so a window of any size costs no more than the pixels in
// it. With threads_for(threads) threads; the result does not depend on them.
Image resize_window(const Image& image, const Window& window, int width, int height, Filter filter,
                    int threads = 0);

}  // namespace generator
