// Which miner this is; written into the run table and into every log.
#pragma once

#include <string_view>

namespace config {

std::string_view version();  // "0.1.0"

}  // namespace config
