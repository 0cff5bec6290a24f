// Several operations at a time, awaited together.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace network {

// Returns when all have ended; the first exception of any then goes on.
boost::asio::awaitable<void> await_all(std::vector<boost::asio::awaitable<void>> operations);

}  // namespace network
