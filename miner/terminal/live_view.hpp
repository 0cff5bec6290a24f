// Text that is gathered anew every so often, on a screen of its own until somebody types q.
#pragma once

#include "config/result.hpp"
#include "miner/report/stats.hpp"
#include "miner/runtime/exit_code.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace miner {

// Lines for a width and colours; called again when the terminal changes its size.
using Frame = std::function<std::string(const TableOptions&)>;

// As standard output takes it: colour and width of a terminal.
TableOptions terminal_options();

struct LiveView {
    // Called on a thread of its own, once before anything is shown. Failing the first time is the
    // end, later it is told beside what is known.
    std::function<config::Result<Frame>()> gather;
    std::string what;  // it is, for a complaint: "top"
    std::chrono::milliseconds every{2000};
    // Where standard output is no screen: the same as plain text, once, or again and again until
    // nobody reads it.
    bool repeats = false;
};

// ok when it was ended by a key or a signal; storage, with a complaint, when gather failed at once.
ExitCode show_live(const LiveView& view);

// One frame as text; the same exit codes.
ExitCode print_once(const LiveView& view);

}  // namespace miner
