#include "network/await_all.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace network {

namespace asio = boost::asio;

asio::awaitable<void> await_all(std::vector<asio::awaitable<void>> operations) {
    if (operations.empty()) co_return;
    const auto executor = co_await asio::this_coro::executor;
    using Started = decltype(asio::co_spawn(executor, std::move(operations[0]), asio::deferred));
    std::vector<Started> started;
    for (auto& operation : operations)
        started.push_back(asio::co_spawn(executor, std::move(operation), asio::deferred));
    auto [order, failures] =
        co_await asio::experimental::make_parallel_group(std::move(started))
            .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const auto index : order)
        if (failures[index]) std::rethrow_exception(failures[index]);
}

}  // namespace network
