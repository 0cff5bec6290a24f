// Opening a connection to a host by name, with TLS or without. Private to http/.
#pragma once

#include "config/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace network {

// What a failure of the system, of TLS or of HTTP means; the same causes mean the same in every
// phase, and what is left is `io`. The detail begins with `where`.
config::Error network_error(const boost::system::error_code& error, const std::string& where);

// A name is looked up as network/http/lookup.hpp has it. All addresses of the host share
// `connect_limit`. Fails with resolve_timeout, resolve_failed, connect_timeout, refused,
// unreachable, cancelled, io.
boost::asio::awaitable<config::Result<boost::asio::ip::tcp::socket>> connect(
    std::string host, std::uint16_t port, std::chrono::milliseconds resolve_limit,
    std::chrono::milliseconds connect_limit);

// Agrees on TLS with the peer, whose certificate must be valid for `host`. Fails with
// handshake_timeout, untrusted, not_tls, closed, cancelled, io, and with malformed for a host that
// has no name for TLS.
boost::asio::awaitable<config::Result<void>> shake_hands(
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>& stream, std::string host,
    std::chrono::milliseconds limit, std::string where);

// Closes a connection: with a reset unless all went well, or else the system would go on sending
// what was written to a peer that does not read. Asio's own destructor never resets.
class ClosingGuard {
public:
    explicit ClosingGuard(boost::asio::ip::tcp::socket& socket) : socket_(socket) {
        set_reset(true);
    }
    ~ClosingGuard() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }
    ClosingGuard(const ClosingGuard&) = delete;
    ClosingGuard& operator=(const ClosingGuard&) = delete;

    void in_peace() { set_reset(false); }

private:
    void set_reset(bool reset) {
        boost::system::error_code ignored;
        socket_.set_option(boost::asio::socket_base::linger(reset, 0), ignored);
    }

    boost::asio::ip::tcp::socket& socket_;
};

}  // namespace network
