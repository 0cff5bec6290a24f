#include "miner/runtime/until_stopped.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace asio = boost::asio;

namespace miner {

asio::awaitable<void> until_stopped(std::stop_token stop) {
    const auto io = co_await asio::this_coro::executor;
    const auto timer =
        std::make_shared<asio::steady_timer>(io, asio::steady_timer::time_point::max());
    const std::stop_callback<std::function<void()>> wake(
        std::move(stop), [io, timer] { asio::post(io, [timer] { timer->cancel(); }); });
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace miner
