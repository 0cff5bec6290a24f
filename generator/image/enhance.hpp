// Pillow's enhancers and filters, exact to the bit (golden/pillow has the rules).
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

// "sharpness:3.5" or "edge_enhance" -> Operation. Fails with bad_operation, naming what was expected.
config::Result<Operation> parse_operation(std::string_view text);
config::Result<std::vector<Operation>> parse_chain(const std::vector<std::string>& texts);

// Applies one after the other. Any channel count; alpha as Pillow treats it.
Image enhance(const Image& image, const std::vector<Operation>& chain);

}  // namespace generator
