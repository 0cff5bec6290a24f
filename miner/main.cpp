#include "config/escape.hpp"
#include "config/version.hpp"
#include "generator/bench.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/trellis.hpp"
#include "miner/command_line.hpp"
#include "miner/commands/commands.hpp"
#include "miner/weights.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <system_error>

namespace {

// A fetched model is loaded only while it is what its publisher states; a folder of the user's own
// has no lock and is taken as it is.
config::Result<std::unique_ptr<generator::Generator>> load_model(
    const config::Generator& settings) {
    if (auto fetched = miner::expect_right(settings.model); !fetched) return fetched.error();
    return generator::make_trellis(settings);
}

miner::ExitCode run(const miner::CommandLine& line) {
    using miner::Command;
    switch (line.command) {
        case Command::run:
            return miner::run_command(line, load_model);
        case Command::serve:
            return miner::serve_command(line, load_model);
        case Command::rehearse:
            return miner::rehearse_command(line, load_model);
        case Command::generate:
            return miner::generate_command(line, load_model);
        case Command::check:
            return miner::check_command(line, generator::make_trellis, generator::gpu_memory);
        case Command::stats:
            return miner::stats_command(line);
        case Command::wallet:
            return miner::wallet_command(line);
        case Command::inspect:
            return miner::inspect_command(line);
        case Command::render:
            return miner::render_command(line, generator::rasterizer_on);
        case Command::weights:
            return miner::weights_command(line);
        case Command::top:
            return miner::top_command(line);
        case Command::backup:
            return miner::backup_command(line);
        case Command::restore:
            return miner::restore_command(line);
        case Command::completion:
            return miner::completion_command(line);
        case Command::bench:
            return miner::bench_command(line, generator::bench_random);
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
        fmt::print(over->to_stderr ? stderr : stdout, "{}", config::printable_lines(over->text));
        return int(over->code);
    }
    try {
        return int(run(std::get<miner::CommandLine>(parsed)));
    } catch (const std::system_error& error) {
        // As in `miner stats | head`: whoever read has had enough.
        if (error.code() == std::errc::broken_pipe) return int(miner::ExitCode::ok);
        fmt::print(stderr, "miner: internal error, please report it: {}\n",
                   config::printable(error.what()));
        return int(miner::ExitCode::internal);
    } catch (const std::exception& error) {
        fmt::print(stderr, "miner: internal error, please report it: {}\n",
                   config::printable(error.what()));
        return int(miner::ExitCode::internal);
    }
}
