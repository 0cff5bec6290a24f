#include "miner/runtime/await_all.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <exception>

namespace miner {

asio::awaitable<void> await_all(std::vector<asio::awaitable<void>> children) {
    if (children.empty()) co_return;
    const auto executor = co_await asio::this_coro::executor;
    using Operation = decltype(asio::co_spawn(executor, std::move(children[0]), asio::deferred));
    std::vector<Operation> operations;
    for (auto& child : children)
        operations.push_back(asio::co_spawn(executor, std::move(child), asio::deferred));
    auto [order, failures] =
        co_await asio::experimental::make_parallel_group(std::move(operations))
            .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const auto index : order)
        if (failures[index]) std::rethrow_exception(failures[index]);
}

}  // namespace miner
