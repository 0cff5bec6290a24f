// Running what answers a request while watching who asked. Private to http/ and simulator/.
#pragma once

#include "network/settled.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace network {

// Whether the other end has closed, be it behind bytes that nobody has read yet.
bool hung_up(boost::asio::ip::tcp::socket& socket);

// Runs `work` to its end on this executor; meanwhile a hang-up or a cancellation fires `gone`. The
// caller is no longer thrown out of an await when it is cancelled: it asks `gone`.
template <class T>
boost::asio::awaitable<Settled<T>> watched(boost::asio::ip::tcp::socket& socket,
                                           std::stop_source gone, boost::asio::awaitable<T> work) {
    namespace asio = boost::asio;
    using asio::ip::tcp;
    constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
    constexpr auto kLook = std::chrono::milliseconds(200);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer ended(executor, asio::steady_timer::time_point::max());
    std::optional<Settled<T>> settled;
    asio::co_spawn(executor, settle(std::move(work)), [&](std::exception_ptr, Settled<T> result) {
        settled = std::move(result);
        ended.cancel();
    });
    using namespace asio::experimental::awaitable_operators;
    // Bytes of a next request stay where they are, so that a sender who goes on is held back by TCP
    // and costs no memory. But with them the socket is readable for good: what comes behind them
    // has to be looked for.
    asio::steady_timer look(executor);
    for (bool readable = false; !settled && !gone.stop_requested();) {
        boost::system::error_code error;
        if (readable) {
            look.expires_after(kLook);
            co_await (look.async_wait(kTuple) || ended.async_wait(kTuple));
        } else {
            const auto woken = co_await (socket.async_wait(tcp::socket::wait_read, kTuple) ||
                                         ended.async_wait(kTuple));
            if (woken.index() == 0) error = std::get<0>(std::get<0>(woken));
            readable = true;
        }
        // Also when it came just as the work ended: nobody else hears of it, and what is to be sent
        // now would be sent to the end.
        const auto state = co_await asio::this_coro::cancellation_state;
        const bool cancelled = state.cancelled() != asio::cancellation_type::none;
        if (cancelled || (!settled && (error || hung_up(socket)))) gone.request_stop();
    }
    while (!settled) {
        co_await ended.async_wait(kTuple);
        const auto now = co_await asio::this_coro::cancellation_state;
        if (now.cancelled() != asio::cancellation_type::none) gone.request_stop();
    }
    co_return std::move(*settled);
}

}  // namespace network
