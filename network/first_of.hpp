// The first of several operations to end, however it ends.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace network {

namespace detail {

template <class T>
using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
struct Settled {
    std::optional<Value<T>> value;
    std::exception_ptr failure;
};

// `operator||` waits for a success: one that throws would be waited for until another ends well,
// and its exception would be lost. As a value it comes home.
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

}  // namespace detail

// Awaits whichever ends first; the others are cancelled and have ended then. Its value, at its
// place (std::monostate for void), or its exception. For operations that honour cancellation; a job
// on another lane does not.
template <class... T>
boost::asio::awaitable<std::variant<detail::Value<T>...>> first_of(
    boost::asio::awaitable<T>... operations) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto first = co_await (... || detail::settle(std::move(operations)));
    using Result = std::variant<detail::Value<T>...>;
    co_return [&]<std::size_t... I>(std::index_sequence<I...>) {
        std::optional<Result> result;
        const auto take = [&]<std::size_t At>(std::integral_constant<std::size_t, At>) {
            auto* settled = std::get_if<At>(&first);
            if (!settled) return;
            if (settled->failure) std::rethrow_exception(settled->failure);
            result.emplace(std::in_place_index<At>, std::move(*settled->value));
        };
        (take(std::integral_constant<std::size_t, I>()), ...);
        return std::move(*result);
    }
    (std::index_sequence_for<T...>());
}

}  // namespace network
