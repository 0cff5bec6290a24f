// The addresses of hosts by name. getaddrinfo blocks, for 10 to 30 s where no name server answers,
// and cannot be interrupted. So a name is looked up on a thread of its own: one that hangs keeps no
// other waiting, and nobody who has given it up, be it that his context ends. Private to http/.
#pragma once

#include "config/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace network {

struct LookedUp {
    std::vector<boost::asio::ip::address> addresses;
    std::string failure;  // in the system's words; empty: none
};

// Blocks. Called on several threads at a time.
using LookUp = std::function<LookedUp(const std::string& host)>;

// Names are looked up like this on `context`, not as the system does. Before anybody asks there.
void look_up_by(boost::asio::execution_context& context, LookUp how);

// Whoever asks for a name that is being looked up waits for the same answer: a name that hangs is
// not looked up again meanwhile. At most 32 are looked up at a time on a context, others wait.
// Fails with resolve_timeout, resolve_failed, cancelled; the detail begins with `where`.
boost::asio::awaitable<config::Result<std::vector<boost::asio::ip::address>>> look_up(
    std::string host, std::chrono::milliseconds limit, std::string where);

}  // namespace network
