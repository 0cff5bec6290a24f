// A stop token as something to wait for beside something else.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <stop_token>

namespace miner {

// Ends when `stop` fires, on whatever thread that happens, or when it is cancelled.
boost::asio::awaitable<void> until_stopped(std::stop_token stop);

}  // namespace miner
