// miner inspect: what a PLY or SPZ file holds and what a validator would make of it.
#include "generator/splat/inspect.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/complaint.hpp"

#include <fmt/format.h>

namespace miner {

ExitCode inspect_command(const CommandLine& line) {
    constexpr std::size_t kMaxBytes = std::size_t(4) << 30;
    const auto bytes = read_file(line.inspect.file, kMaxBytes);
    if (!bytes) return ExitCode::bad_input;
    const auto inspection = generator::inspect(*bytes);
    if (!inspection) {
        complain(line.inspect.file, inspection.error());
        return ExitCode::bad_input;
    }
    fmt::print("{}", line.inspect.json ? inspection->to_json() + "\n" : inspection->to_text());
    return ExitCode::ok;
}

}  // namespace miner
