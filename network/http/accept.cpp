#include "network/http/accept.hpp"

#include "network/errc.hpp"
#include "network/http/names.hpp"
#include "network/http/url.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace network {

using namespace names;

namespace {

constexpr auto kPauseWhenExhausted = std::chrono::milliseconds(50);

}  // namespace

config::Result<tcp::acceptor> listen_on(asio::io_context& io, const std::string& host,
                                        std::uint16_t port) {
    const auto where = authority(host, port);
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error)
        return config::fail(Errc::malformed, where + ": an IP address is needed to listen on");
    const tcp::endpoint endpoint(address, port);
    tcp::acceptor acceptor(io);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return config::Error{error, where};
    return acceptor;
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, std::function<void(tcp::socket)> take) {
    const auto executor = co_await asio::this_coro::executor;
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(kTuple);
        if (!acceptor.is_open() || error == asio::error::operation_aborted) co_return;
        if (error) {
            asio::steady_timer timer(executor, kPauseWhenExhausted);
            co_await timer.async_wait(kTuple);
            continue;
        }
        take(std::move(socket));
    }
}

}  // namespace network
