// A deadline on I/O. For operations that honour cancellation; a job on another lane does not.
#pragma once

#include "network/settled.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace network {

// Awaits `operation` for at most `limit`; empty if time ran out, in which case the operation was
// cancelled and has ended. What the operation throws comes through at once. Cancelling the caller
// cancels the operation.
template <class T>
boost::asio::awaitable<std::optional<T>> with_timeout(boost::asio::awaitable<T> operation,
                                                      std::chrono::milliseconds limit) {
    using namespace boost::asio::experimental::awaitable_operators;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, limit);
    // Not first_of: when the caller is cancelled, so is the timer, and that is no end of time.
    auto first =
        co_await (settle(std::move(operation)) || timer.async_wait(boost::asio::use_awaitable));
    if (first.index() == 1) co_return std::nullopt;
    co_return std::get<0>(std::move(first)).get();
}

}  // namespace network
