// How a process ends that has no model, whatever it wanted one for.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "miner/runtime/exit_code.hpp"

#include <string>

namespace miner {

// What to exit with after `error` of BackendPool::load(): ExitCode::device_lost where another start
// may get the model, be it that the GPU does not answer yet or that others hold its memory, which
// they may give back; ExitCode::storage where the disk failed under its files, which another start
// may read; else ExitCode::model, as main memory is as large as it is.
ExitCode exit_code_without_model(const config::Error& error, const config::Generator& settings);

// The same of whatever was to run on one device, as generator.device has it: a scorer, a
// rasterizer.
ExitCode exit_code_without_model(const config::Error& error, const std::string& device);

}  // namespace miner
