// Stopping in two steps: first nothing new is begun and what is at hand may finish; then that is
// given up too. Lives on the io lane; only token() is for other threads.
#pragma once

#include "network/event.hpp"
#include "network/first_of.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

namespace miner {

namespace asio = boost::asio;

class Stop {
public:
    explicit Stop(asio::any_io_executor io) : asked_event_(io), now_event_(io) {}

    void ask() {
        asked_ = true;
        asked_event_.happen();
    }

    void now() {
        ask();
        source_.request_stop();
        now_event_.happen();
    }

    bool asked() const { return asked_; }
    bool immediate() const { return source_.stop_requested(); }
    std::stop_token token() const { return source_.get_token(); }  // fires at now()

    // False when woken because stopping was asked for.
    asio::awaitable<bool> sleep(std::chrono::milliseconds duration) {
        if (asked_) co_return false;
        co_await asked_event_.wait(std::chrono::steady_clock::now() + duration);
        co_return !asked_;
    }

    // Awaits `operation`; when stopping is asked for (or, with unless_now, hurried), cancels it and
    // returns nothing.
    template <class T>
    asio::awaitable<std::optional<T>> unless_asked(asio::awaitable<T> operation) {
        if (asked_) co_return std::nullopt;
        co_return co_await unless(until_asked(), std::move(operation));
    }

    template <class T>
    asio::awaitable<std::optional<T>> unless_now(asio::awaitable<T> operation) {
        if (immediate()) co_return std::nullopt;
        co_return co_await unless(until_now(), std::move(operation));
    }

private:
    // first_of starts its sides later, so each looks again before it waits.
    asio::awaitable<void> until_asked() {
        while (!asked_) co_await asked_event_.wait();
    }
    asio::awaitable<void> until_now() {
        while (!immediate()) co_await now_event_.wait();
    }

    template <class T>
    static asio::awaitable<std::optional<T>> unless(asio::awaitable<void> stopped,
                                                    asio::awaitable<T> operation) {
        auto first = co_await network::first_of(std::move(operation), std::move(stopped));
        if (first.index() == 1) co_return std::nullopt;
        co_return std::move(std::get<0>(first));
    }

    bool asked_ = false;
    std::stop_source source_;
    network::Event asked_event_, now_event_;
};

// When `child` throws, whatever else runs is stopped.
inline asio::awaitable<void> guarded(asio::awaitable<void> child, Stop& stop) {
    try {
        co_await std::move(child);
    } catch (...) {
        stop.now();
        throw;
    }
}

}  // namespace miner
