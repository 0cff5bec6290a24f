#include "miner/generation/precedence.hpp"

#include <boost/asio/this_coro.hpp>

namespace miner {

boost::asio::awaitable<bool> Precedence::turn(const Place& place,
                                              std::chrono::steady_clock::time_point until,
                                              std::stop_token stop) {
    if (!changed_) changed_.emplace(co_await boost::asio::this_coro::executor);
    const std::stop_callback hurry(stop, [this] { changed(); });
    for (;;) {
        if (*ranks_.begin() >= place.rank()) co_return true;
        if (stop.stop_requested() || std::chrono::steady_clock::now() >= until) co_return false;
        co_await changed_->wait(until);
    }
}

}  // namespace miner
