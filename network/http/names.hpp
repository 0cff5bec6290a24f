// Short names of what all of http/ speaks of. For its .cpp files alone.
#pragma once

#include "config/result.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>

#include <chrono>

namespace network::names {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;
using config::Error;
using config::fail;
using config::Result;
using std::chrono::milliseconds;

// Errors come as values beside the rest, never as exceptions.
inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace network::names
