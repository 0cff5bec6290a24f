// A deadline on I/O. For operations that honour cancellation; a job on another lane does not.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace network {

namespace detail {

template <class T>
struct Settled {
    std::optional<T> value;
    std::exception_ptr failure;
};

// `operator||` waits for a success, so an operation that throws would be waited for until the
// deadline, and then be taken for one that ran out of time.
template <class T>
boost::asio::awaitable<Settled<T>> settle(boost::asio::awaitable<T> operation) {
    Settled<T> settled;
    try {
        settled.value.emplace(co_await std::move(operation));
    } catch (...) {
        settled.failure = std::current_exception();
    }
    co_return settled;
}

}  // namespace detail

// Awaits `operation` for at most `limit`; empty if time ran out, in which case the operation was
// cancelled and has ended. What the operation throws comes through at once. Cancelling the caller
// cancels the operation.
template <class T>
boost::asio::awaitable<std::optional<T>> with_timeout(boost::asio::awaitable<T> operation,
                                                      std::chrono::milliseconds limit) {
    using namespace boost::asio::experimental::awaitable_operators;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, limit);
    auto first = co_await (detail::settle(std::move(operation)) ||
                           timer.async_wait(boost::asio::use_awaitable));
    if (first.index() == 1) co_return std::nullopt;
    auto& settled = std::get<0>(first);
    if (settled.failure) std::rethrow_exception(settled.failure);
    co_return std::move(settled.value);
}

}  // namespace network
