// The composition root of `miner batch`: inputs through all devices and remote backends to files
// and a manifest in a folder.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/batch/inputs.hpp"
#include "miner/batch/plan.hpp"
#include "miner/generation/device.hpp"
#include "miner/generation/predictor.hpp"
#include "miner/runtime/exit_code.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace miner {

struct BatchOptions {
    const config::Settings& settings;  // outlives the run; its seed is the batch's
    std::vector<BatchInput> inputs;
    std::filesystem::path folder;
    BatchForm form;
    bool previews = false;
    bool start_over = false;   // results that are there do not count
    std::string weights = {};  // of the devices' model, for the manifest; empty: not known
    std::uint64_t drawn = 0;   // seed of the batch, where none is set and none was before
    MakeGenerator make_generator;
    MakePredictor make_predictor;
    config::Logger& log;
    std::ostream& out;
    std::ostream& err;
    std::function<int()> columns = {};  // as BatchProgress::Options
    std::function<double()> clock;      // likewise
};

// Goes on where an earlier run was stopped or killed. The first signal ends it once what is at work
// is done, within settings.run.grace; the second at once. What is to be exited with:
//   ok           every input has its result
//   no_go        the gate let nothing pass for some, or no backend could make them
//   bad_input    some could not be read or understood
//   usage        the folder holds results of other settings
//   interrupted  stopped before all was made, or drawn
//   storage      results cannot be written
// and as Host::run().
ExitCode run_batch(BatchOptions options);

}  // namespace miner
