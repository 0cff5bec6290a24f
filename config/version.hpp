// Which miner this is. The version is written into the run table and into every log.
#pragma once

#include <string>
#include <string_view>

namespace config {

std::string_view version();  // "0.1.0"

// "232ccad92f28", with "-dirty" when tracked files had changes; "unknown" when built outside git.
std::string_view commit();

std::string version_and_commit();  // "0.1.0 (commit 232ccad92f28)"

}  // namespace config
