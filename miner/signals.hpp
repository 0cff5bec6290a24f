// What SIGINT and SIGTERM do.
#pragma once

#include "config/log.hpp"
#include "miner/stop.hpp"

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <functional>

namespace miner {

// First signal: `first` is called, and what is at hand may finish within the grace period. Second:
// the process ends at once; the journal survives that. Returns when `signals` is cancelled.
asio::awaitable<void> watch_signals(asio::signal_set& signals, Stop& stop,
                                    std::chrono::milliseconds grace, config::Logger& log,
                                    std::function<void()> first);

}  // namespace miner
