// miner completion SHELL: to be sourced by a shell, or read with man.
#include "miner/cli/completion.hpp"
#include "miner/cli/commands/commands.hpp"

#include <fmt/format.h>

namespace miner {

ExitCode completion_command(const CommandLine& line) {
    fmt::print("{}",
               line.completion == "man" ? render_man_page() : render_completion(line.completion));
    return ExitCode::ok;
}

}  // namespace miner
