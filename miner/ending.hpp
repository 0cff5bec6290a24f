// How a run of the application came to its end, whether it mined or served.
#pragma once

#include "config/log.hpp"
#include "config/result.hpp"
#include "miner/exit_code.hpp"

#include <exception>
#include <optional>

namespace miner {

struct Ending {
    std::exception_ptr failure;             // what nobody was there to catch
    std::optional<config::Error> no_model;  // why no generator could be made
    bool device_lost = false;
};

// That the status page could not be opened: tells the log, and what to exit with.
ExitCode no_cockpit(const config::Error& error, config::Logger& log);

// Tells the log, and the process what to exit with; a failure is thrown on.
ExitCode conclude(const Ending& ending, config::Logger& log);

}  // namespace miner
