#include "miner/signals.hpp"

#include "miner/exit_code.hpp"

#include <boost/asio/redirect_error.hpp>

#include <cstdlib>

namespace miner {

asio::awaitable<void> watch_signals(asio::signal_set& signals, Stop& stop,
                                    std::chrono::milliseconds grace, config::Logger& log,
                                    std::function<void()> first) {
    boost::system::error_code error;
    const int signal =
        co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    log.info("stopping",
             {{"signal", signal}, {"grace_ms", grace}, {"hint", "a second signal stops at once"}});
    first();
    stop.ask();
    asio::steady_timer patience(co_await asio::this_coro::executor, grace);
    using namespace asio::experimental::awaitable_operators;
    using asio::as_tuple;
    const auto woken = co_await (patience.async_wait(as_tuple(asio::use_awaitable)) ||
                                 signals.async_wait(as_tuple(asio::use_awaitable)));
    if (woken.index() == 0) {
        if (std::get<0>(std::get<0>(woken))) co_return;  // all is done
        log.warn("grace is over", {{"hint", "the task at hand goes back to its validator"}});
        stop.now();
        co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
    } else if (std::get<0>(std::get<1>(woken))) {
        co_return;
    }
    log.warn("stopped at once", {});
    log.flush();
    std::_Exit(int(ExitCode::interrupted));
}

}  // namespace miner
