#include "config/version.hpp"
#include "generator/trellis.hpp"
#include "miner/command_line.hpp"
#include "miner/commands/commands.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>

namespace {

miner::ExitCode run(const miner::CommandLine& line) {
    using miner::Command;
    switch (line.command) {
        case Command::run:
            return miner::run_command(line, generator::make_trellis);
        case Command::rehearse:
            return miner::rehearse_command(line, generator::make_trellis);
        case Command::generate:
            return miner::generate_command(line, generator::make_trellis);
        case Command::stats:
            return miner::stats_command(line);
        case Command::wallet:
            return miner::wallet_command(line);
        case Command::inspect:
            return miner::inspect_command(line);
        case Command::render:
            return miner::render_command(line);
        case Command::config:
            return miner::config_command(line);
        case Command::version:
            fmt::print("miner {}\n", config::version());
            return miner::ExitCode::ok;
    }
    return miner::ExitCode::internal;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE,
                SIG_IGN);  // a reader that went away is an error of that write, not our end
    const auto parsed =
        miner::parse(argc, argv, config::process_environment(), std::chrono::system_clock::now());
    if (const auto* over = std::get_if<miner::Exit>(&parsed)) {
        fmt::print(over->to_stderr ? stderr : stdout, "{}", over->text);
        return int(over->code);
    }
    try {
        return int(run(std::get<miner::CommandLine>(parsed)));
    } catch (const std::exception& error) {
        fmt::print(stderr, "miner: internal error, please report it: {}\n", error.what());
        return int(miner::ExitCode::internal);
    }
}
