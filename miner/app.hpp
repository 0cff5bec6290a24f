// The composition root: builds everything in order, runs it, and takes it down in reverse. `miner
// run` and `miner rehearse` run this very same function.
#pragma once

#include "config/log.hpp"
#include "miner/generation/device.hpp"
#include "miner/generation/predictor.hpp"
#include "miner/mining/identity.hpp"
#include "miner/mining/pipeline.hpp"
#include "miner/runtime/exit_code.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace miner {

struct AppOptions {
    const config::Settings& settings;
    std::filesystem::path folder;  // database, assets and lock; created when absent
    std::vector<Identity> identities;
    MakeGenerator make_generator;
    config::Logger& log;
    Observer observer = {};
    std::vector<Validator> named = {};  // by the operator; asked besides those of the chain
    bool chain = false;          // validators and registration come from the chain of the settings
    std::string scored_by = {};  // what scores are, where they are no validator's: for the page
    std::function<bool()> finished = {};  // polled between turns; empty: run until asked to stop
    Clocks clocks = {};
    MakePredictor make_predictor = {};  // of settings.score; empty: no candidates
    std::optional<std::chrono::milliseconds> device_patience = {};  // Host::device_patience
};

// Runs until SIGINT or SIGTERM (the task at hand gets settings.run.grace, a second signal ends the
// process at once) or until `finished`. Failures are logged with their remedy; the exit code tells
// a service manager what to do.
ExitCode run_app(AppOptions options);

}  // namespace miner
