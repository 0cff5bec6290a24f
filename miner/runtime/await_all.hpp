// Structured concurrency: several children, awaited together. On io.
#pragma once

#include "miner/runtime/lanes.hpp"

#include <vector>

namespace miner {

// Returns when all have ended; the first exception of any then goes on.
asio::awaitable<void> await_all(std::vector<asio::awaitable<void>> children);

}  // namespace miner
