#include "config/version.hpp"

namespace config {

std::string_view version() { return MINER_VERSION; }

}  // namespace config
