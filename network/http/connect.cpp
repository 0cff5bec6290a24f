#include "network/http/connect.hpp"

#include "network/errc.hpp"
#include "network/http/lookup.hpp"
#include "network/http/names.hpp"
#include "network/http/timeout.hpp"
#include "network/http/url.hpp"
#include "network/tls.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/websocket/error.hpp>

#include <algorithm>
#include <vector>

namespace network {

using namespace names;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAddresses = 8;

asio::awaitable<Result<std::vector<tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                            milliseconds limit, std::string where) {
    error_code not_literal;
    const auto address = asio::ip::make_address(host, not_literal);
    if (!not_literal) co_return std::vector<tcp::endpoint>{{address, port}};

    const auto addresses = co_await look_up(host, limit, where);
    if (!addresses) co_return addresses.error();
    std::vector<tcp::endpoint> endpoints;
    for (const auto& each : *addresses)
        if (endpoints.size() < kMostAddresses) endpoints.emplace_back(each, port);
    co_return endpoints;
}

// Each address gets its share of what is left, so that a silent first one does not eat the time of
// the others.
asio::awaitable<Result<tcp::socket>> connect_one_of(std::vector<tcp::endpoint> endpoints,
                                                    milliseconds limit, std::string where) {
    const auto executor = co_await asio::this_coro::executor;
    const auto deadline = Clock::now() + limit;
    Error failure = fail(Errc::resolve_failed, where);
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        const auto share = std::max(left, milliseconds{0}) / std::int64_t(endpoints.size() - i);
        tcp::socket socket(executor);
        const auto done = co_await with_timeout(socket.async_connect(endpoints[i], kTuple), share);
        if (!done) {
            failure = fail(Errc::connect_timeout, where);
            continue;
        }
        const auto [error] = *done;
        if (!error) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            co_return std::move(socket);
        }
        failure = network_error(error, where);
        if (failure.code == Errc::cancelled) break;
    }
    co_return failure;
}

}  // namespace

// The same causes mean the same in every phase; what is left is `io`.
Error network_error(const error_code& error, const std::string& where) {
    namespace e = asio::error;
    const auto code = [&] {
        if (error == e::operation_aborted) return Errc::cancelled;
        if (error == e::connection_refused) return Errc::refused;
        if (error == e::network_unreachable || error == e::host_unreachable ||
            error == e::network_down)
            return Errc::unreachable;
        if (error == e::timed_out) return Errc::connect_timeout;
        if (error == e::eof || error == e::connection_reset || error == e::broken_pipe ||
            error == e::connection_aborted || error == asio::ssl::error::stream_truncated ||
            error == http::error::end_of_stream || error == http::error::partial_message)
            return Errc::closed;
        if (error == http::error::body_limit) return Errc::body_too_large;
        if (error.category() == make_error_code(http::error::end_of_stream).category())
            return Errc::malformed;
        return Errc::io;
    }();
    const bool telling = code == Errc::malformed || code == Errc::io;
    return fail(code, telling ? where + ": " + error.message() : where);
}

asio::awaitable<Result<tcp::socket>> connect(std::string host, std::uint16_t port,
                                             milliseconds resolve_limit,
                                             milliseconds connect_limit) {
    const auto where = authority(host, port);
    const auto endpoints = co_await resolve(host, port, resolve_limit, where);
    if (!endpoints) co_return endpoints.error();
    co_return co_await connect_one_of(*endpoints, connect_limit, where);
}

asio::awaitable<Result<void>> shake_hands(asio::ssl::stream<tcp::socket&>& stream, std::string host,
                                          milliseconds limit, std::string where) {
    if (auto expected = expect_host(stream.native_handle(), host); !expected)
        co_return Error{expected.error().code, where + ": " + expected.error().detail};
    const auto shaken = co_await with_timeout(
        stream.async_handshake(asio::ssl::stream_base::client, kTuple), limit);
    if (!shaken) co_return fail(Errc::handshake_timeout, where);
    if (const auto [error] = *shaken; error) {
        if (speaks_no_tls(error)) co_return fail(Errc::not_tls, where);
        if (error.category() == asio::error::get_ssl_category())
            co_return fail(Errc::untrusted,
                           where + ": " + tls_words(stream.native_handle(), error));
        co_return network_error(error, where);
    }
    co_return Result<void>();
}

}  // namespace network
