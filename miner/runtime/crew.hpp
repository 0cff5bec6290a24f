// Coroutines of one kind, more of which may come while others run. Lives on io.
#pragma once

#include "network/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <exception>
#include <utility>

namespace miner {

// Outlives its members: whoever makes it awaits until_ended().
class Crew {
public:
    explicit Crew(boost::asio::any_io_executor io) : io_(io), ended_(io) {}

    void add(boost::asio::awaitable<void> member) {
        ++size_;
        boost::asio::co_spawn(io_, std::move(member), [this](std::exception_ptr failure) {
            if (!failure_) failure_ = failure;
            --size_;
            ended_.happen();
        });
    }

    std::size_t size() const { return size_; }  // of those that have not ended
    bool failed() const { return failure_ != nullptr; }

    // Until the next one ends; at once where there is none.
    boost::asio::awaitable<void> until_any_ended() {
        for (const auto size = size_; size_ > 0 && size_ >= size;) {
            co_await ended_.wait();
        }
    }

    // Until none is left; then the first exception of any goes on.
    boost::asio::awaitable<void> until_ended() {
        while (size_ > 0) {
            co_await ended_.wait();
        }
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

private:
    boost::asio::any_io_executor io_;
    network::Event ended_;
    std::size_t size_ = 0;
    std::exception_ptr failure_;
};

}  // namespace miner
