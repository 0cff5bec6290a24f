#include "config/version.hpp"

#include <fmt/format.h>

namespace config {

std::string_view version() { return MINER_VERSION; }

std::string version_and_commit() { return fmt::format("{} (commit {})", version(), commit()); }

}  // namespace config
