#include "miner/generation/precedence.hpp"

#include <boost/asio/this_coro.hpp>

namespace miner {

boost::asio::awaitable<bool> Precedence::turn(Place& place, Places places,
                                              std::chrono::steady_clock::time_point until,
                                              std::stop_token stop) {
    if (!changed_) changed_.emplace(co_await boost::asio::this_coro::executor);
    const std::stop_callback hurry(stop, [this] { changed(); });
    const Rest rest(place);
    for (;;) {
        if (is_turn_of(place, places())) co_return true;
        if (stop.stop_requested() || std::chrono::steady_clock::now() >= until) co_return false;
        co_await changed_->wait(until);
    }
}

}  // namespace miner
