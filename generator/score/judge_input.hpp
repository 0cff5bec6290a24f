// From a picture on white, a rendered view or a condition as a validator takes it, to what the
// judge's picture encoder was trained on: the object alone, cropped, on black. Torch-free; any
// thread.
#pragma once

#include "generator/asset.hpp"

#include <array>

namespace generator {

struct JudgedPicture {
    Image picture;  // RGB, a square
    // Left, top, right and bottom of what is not white, as shares of width and height, and the
    // share of all pixels that is not white: what the crop takes away. Zeros for a white picture.
    std::array<float, 5> frame{};
};

// What is not white (some channel below 250) is the object; the rest becomes black. Cropped and
// resized as prepare() does; a picture with nothing in it becomes black, one without white is taken
// whole. rgb: three channels, at least one pixel.
JudgedPicture picture_for_judge(const Image& rgb, int side);

}  // namespace generator
