// The composition root of `miner serve`: a generator behind POST /generate, without subnet, wallet
// or database.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/device.hpp"
#include "miner/exit_code.hpp"

#include <filesystem>

namespace miner {

struct ServeOptions {
    const config::Settings& settings;  // http.listen must be set
    std::filesystem::path folder;      // whose disk the metrics tell of
    MakeGenerator make_generator;
    config::Logger& log;
};

// Runs until SIGINT or SIGTERM: then no call is taken any more, and the one at hand gets
// settings.run.grace to finish.
ExitCode run_serve(ServeOptions options);

}  // namespace miner
