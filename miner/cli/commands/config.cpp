// miner config: every setting with value, origin and meaning.
#include "config/describe.hpp"
#include "config/escape.hpp"
#include "miner/cli/commands/commands.hpp"

#include <fmt/format.h>

namespace miner {

ExitCode config_command(const CommandLine& line) {
    using Form = ConfigOptions::Form;
    switch (line.config.form) {
        case Form::text:
            fmt::print("{}", config::printable_lines(config::settings_text(line.loaded)));
            break;
        case Form::json:
            fmt::print("{}\n", config::settings_json(line.loaded));
            break;
        case Form::markdown:
            fmt::print("{}", config::settings_markdown());
            break;
        case Form::toml:
            fmt::print("{}", config::settings_toml());
            break;
    }
    for (const auto& warning : line.loaded.warnings)
        fmt::print(stderr, "warning: {}\n", config::printable(warning));
    return ExitCode::ok;
}

}  // namespace miner
