// A stop that is asked for on any thread, as seen from io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <stop_token>
#include <utility>

namespace miner {

// Its token fires on io, some time after `outer` has, also where that was before. What waits on io
// for a stop is woken by callbacks of the token, which touch what io alone may touch.
class StopOnIo {
public:
    // io outlives it.
    StopOnIo(boost::asio::any_io_executor io, std::stop_token outer)
        : outer_(std::move(outer), [io = std::move(io), source = source_] {
              boost::asio::post(io, [source = source]() mutable { source.request_stop(); });
          }) {}

    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    std::stop_callback<std::function<void()>> outer_;
};

}  // namespace miner
