// The first of several operations to end, however it ends.
#pragma once

#include "network/settled.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

namespace network {

// Awaits whichever ends first; the others are cancelled and have ended then. Its value, at its
// place (std::monostate for void), or its exception. For operations that honour cancellation; a job
// on another lane does not.
template <class... T>
boost::asio::awaitable<std::variant<typename Settled<T>::Value...>> first_of(
    boost::asio::awaitable<T>... operations) {
    using namespace boost::asio::experimental::awaitable_operators;
    // `operator||` waits for a success: one that throws would be waited for until another ends
    // well, and its exception would be lost. As a value it comes home.
    auto first = co_await (... || settle(std::move(operations)));
    using Result = std::variant<typename Settled<T>::Value...>;
    co_return [&]<std::size_t... I>(std::index_sequence<I...>) {
        std::optional<Result> result;
        const auto take = [&]<std::size_t At>(std::integral_constant<std::size_t, At>) {
            auto* settled = std::get_if<At>(&first);
            if (!settled) return;
            result.emplace(std::in_place_index<At>, std::move(*settled).get());
        };
        (take(std::integral_constant<std::size_t, I>()), ...);
        return std::move(*result);
    }
    (std::index_sequence_for<T...>());
}

}  // namespace network
