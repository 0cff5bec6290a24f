// The composition root of `miner serve`: a generator behind POST /generate, without wallet or
// database. With http.signed the chain is asked who may call.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/generation/device.hpp"
#include "miner/runtime/exit_code.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace miner {

struct ServeOptions {
    const config::Settings& settings;  // http.listen must be set
    std::filesystem::path folder;      // whose disk the metrics tell of
    MakeGenerator make_generator;
    config::Logger& log;
    std::vector<std::string> hotkeys = {};  // ours, whom callers sign for; with http.signed
};

// Runs until SIGINT or SIGTERM: then no call is taken any more, and the one at hand gets
// settings.run.grace to finish.
ExitCode run_serve(ServeOptions options);

}  // namespace miner
