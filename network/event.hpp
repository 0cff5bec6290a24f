// Something that coroutines of one executor wait for. Whoever waits looks at the state first and
// again afterwards; between the look and the wait nothing else runs, so no wake-up is lost.
// The executor has a single thread, and the event outlives whoever waits.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <list>

namespace network {

class Event {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr Time kNever = Time::max();

    explicit Event(boost::asio::any_io_executor executor) : executor_(executor) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    // Wakes all who wait now.
    void happen() {
        for (auto* timer : waiting_) timer->cancel();
    }

    // Returns when it happens, and at `deadline`; when cancelled, too.
    boost::asio::awaitable<void> wait(Time deadline = kNever) {
        boost::asio::steady_timer timer(executor_, deadline);
        const Place place{waiting_, waiting_.insert(waiting_.end(), &timer)};
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

private:
    struct Place {
        std::list<boost::asio::steady_timer*>& list;
        std::list<boost::asio::steady_timer*>::iterator at;
        ~Place() { list.erase(at); }
    };

    boost::asio::any_io_executor executor_;
    std::list<boost::asio::steady_timer*> waiting_;
};

}  // namespace network
