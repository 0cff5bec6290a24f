// An HTTP/1.1 client for peers that nobody vouches for: one request on one connection, with TLS or
// without.
#pragma once

#include "config/result.hpp"
#include "network/http/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

namespace network {

// Every phase has its own deadline.
struct HttpLimits {
    std::chrono::milliseconds resolve{5'000};
    std::chrono::milliseconds connect{5'000};    // shared by all addresses of the host
    std::chrono::milliseconds handshake{5'000};  // of TLS
    std::chrono::milliseconds write{12'000};
    std::chrono::milliseconds read{12'000};  // from the request's last byte to the answer's
    std::size_t header_bytes = 64 << 10;
    std::int64_t body_bytes = 64LL << 20;  // more is refused before it is kept
};

// Sends `request` and awaits the whole answer, whatever its status. Interim answers (1xx) are
// passed over. A redirect 307 or 308 to the same scheme, host and port is followed once, with
// limits of its own; any other is an answer like the rest. An answer with a content encoding is
// malformed, as none is offered. A peer that answers before it has taken the whole request is
// heard. Cancelling the coroutine closes the connection and yields `cancelled`. A name (not an IP
// literal) is looked up on a thread of its own; a lookup that ran out of time ends there by itself,
// later. Fails with resolve_timeout, resolve_failed, connect_timeout,
// refused, unreachable, handshake_timeout, untrusted, not_tls, write_timeout, read_timeout, closed,
// body_too_large, malformed (also for a request that HTTP cannot carry), cancelled, io; the detail
// begins with host:port.
boost::asio::awaitable<config::Result<HttpAnswer>> request(HttpRequest request, HttpLimits limits);

// Takes a piece of the body; `head` is the answer as far as its header. A failure ends the request
// with it.
using BodySink =
    std::function<config::Result<void>(const HttpAnswer& head, std::string_view piece)>;

// As request(), but no redirect is followed, and no body is kept in memory: that of an answer 200
// or 206 goes to `sink` piece by piece, that of any other is not read. `limits.read` holds for the
// header, and then for each piece anew.
boost::asio::awaitable<config::Result<HttpAnswer>> download(HttpRequest request, HttpLimits limits,
                                                            BodySink sink);

}  // namespace network
