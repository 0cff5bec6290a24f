// Pillow's enhancers and filters, exact to the bit.
//
// A filter is a 3x3 kernel over every channel, alpha included; the outermost rows and columns stay.
// An enhancer blends a degenerate picture d with the picture p, d + factor * (p - d), and keeps
// alpha: sharpness has the smoothed picture for d, contrast one grey (the mean luma of all pixels,
// transparent ones too), brightness black, color the luma. All of it in float32, in Pillow's order
// and without fused multiply-add. Source: Pillow's Filter.c, Blend.c and ImageEnhance.py, which
// have done the same since version 10 at least.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace generator {

struct Operation {
    enum class Kind { sharpness, contrast, brightness, color, detail, edge_enhance, smooth };
    Kind kind;
    float factor = 1;  // of the first four; the filters have none
};

// "sharpness:3.5" or "edge_enhance" -> Operation; a factor is 0 to 100. Fails with bad_operation,
// naming what was expected.
config::Result<Operation> parse_operation(std::string_view text);
config::Result<std::vector<Operation>> parse_chain(const std::vector<std::string>& texts);

// Applies one after the other, with threads_for(threads) threads; the result does not depend on
// them. Any channel count; alpha as Pillow treats it. Any thread.
Image enhance(const Image& image, const std::vector<Operation>& chain, int threads = 0);

}  // namespace generator
