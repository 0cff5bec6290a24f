// How an operation ended, as a value: for whoever must do something else before its exception may
// go on.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace network {

template <class T>
struct Settled {
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    std::optional<Value> value;  // empty: `failure` is set
    std::exception_ptr failure;

    // The value, or the exception goes on.
    Value get() && {
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }
};

// Awaits `operation` and throws nothing.
template <class T>
boost::asio::awaitable<Settled<T>> settle(boost::asio::awaitable<T> operation) {
    Settled<T> settled;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(operation);
            settled.value.emplace();
        } else {
            settled.value.emplace(co_await std::move(operation));
        }
    } catch (...) {
        settled.failure = std::current_exception();
    }
    co_return settled;
}

}  // namespace network
