// Listening, and taking whoever connects. Private to http/ and simulator/.
#pragma once

#include "config/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace network {

// Listens at once; `host` is an IP literal, port 0 any free one. Fails with malformed (host) and
// the system's errors: address_in_use, address_not_available (this machine has none such), ...
config::Result<boost::asio::ip::tcp::acceptor> listen_on(boost::asio::io_context& io,
                                                         const std::string& host,
                                                         std::uint16_t port);

// Hands every connection to `take`, until the acceptor is closed or this is cancelled. What fails
// in between (no descriptors left, a peer that is gone already) is tried again after a moment.
boost::asio::awaitable<void> accept_all(boost::asio::ip::tcp::acceptor& acceptor,
                                        std::function<void(boost::asio::ip::tcp::socket)> take);

}  // namespace network
