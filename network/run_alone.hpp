// A coroutine from where there are none.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <utility>

namespace network {

// Runs `task` and whatever it leaves on `io` to the end; its value, or its exception.
template <class T>
T run_alone(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
    auto end = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
    io.run();
    return end.get();
}

}  // namespace network
