// A stop token that fires when another does, or when time is over.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <stop_token>
#include <utility>

namespace miner {

// Fires on io, which is where `outer` must fire.
class Deadline {
public:
    Deadline(boost::asio::any_io_executor io, std::stop_token outer,
             std::chrono::milliseconds limit)
        : timer_(io, limit),
          outer_(std::move(outer), [source = source_]() mutable { source.request_stop(); }) {
        timer_.async_wait([source = source_](boost::system::error_code error) mutable {
            if (!error) source.request_stop();
        });
    }

    std::stop_token token() const { return source_.get_token(); }
    std::chrono::steady_clock::time_point at() const { return timer_.expiry(); }

private:
    std::stop_source source_;
    boost::asio::steady_timer timer_;
    std::stop_callback<std::function<void()>> outer_;
};

}  // namespace miner
