// Of commands that write splats: from what was given to what it means. Whatever is wrong is added
// to the complaints.
#pragma once

#include "miner/cli/arguments.hpp"
#include "miner/cli/command_line.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace miner {

using Complaints = std::vector<std::string>;

// Whatever the case of its letters; a name that is no more than the suffix does not.
bool ends_in(std::string_view path, std::string_view suffix);

GenerateOptions read_generate(const Arguments& arguments, const config::Loaded& loaded,
                              Complaints& complaints);
BatchCommandOptions read_batch(const Arguments& arguments, const config::Loaded& loaded,
                               Complaints& complaints);
ConvertOptions read_convert(const Arguments& arguments, Complaints& complaints);

}  // namespace miner
