// Which commands need a home folder, where none is known. Pure.
#pragma once

#include "config/environment.hpp"
#include "miner/cli/command_line.hpp"

#include <string>
#include <vector>

namespace miner {

// A complaint for each setting whose default lies below the home folder, which the environment does
// not tell, as far as the command looks there. Without it a folder named ~ would be made wherever
// the miner is started.
std::vector<std::string> missing_home(const CommandLine& line,
                                      const config::Environment& environment);

}  // namespace miner
