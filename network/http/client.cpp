#include "network/http/client.hpp"

#include "network/errc.hpp"
#include "network/http/connect.hpp"
#include "network/http/names.hpp"
#include "network/http/read_body.hpp"
#include "network/http/timeout.hpp"
#include "network/tls.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <limits>
#include <memory>

namespace network {

using namespace names;

namespace {

constexpr std::size_t kReadAheadBytes = 64 << 10;

// A line end in a header would let one request say two things.
bool is_plain(std::string_view text, bool blanks) {
    return std::none_of(text.begin(), text.end(), [&](unsigned char c) {
        return c < 0x20 || c == 0x7f || (c == ' ' && !blanks);
    });
}

std::string fault_of(const HttpRequest& request) {
    if (request.host.empty() || !is_plain(request.host, false)) return "host";
    if (request.method.empty() || !is_plain(request.method, false)) return "method";
    if (request.target.empty() || request.target[0] != '/' || !is_plain(request.target, false))
        return "target";
    for (const auto& [name, value] : request.headers)
        if (name.empty() || !is_plain(name, false) || name.find(':') != name.npos ||
            !is_plain(value, true))
            return "header " + (is_plain(name, true) ? name : "name");
    return {};
}

bool is_success(unsigned status) { return status == 200 || status == 206; }

template <class Stream>
asio::awaitable<Result<HttpAnswer>> read_answer(Stream& stream, HttpLimits limits,
                                                const BodySink& sink, std::string where) {
    http::response_parser<http::buffer_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max())));
    parser.body_limit(static_cast<std::uint64_t>(std::max<std::int64_t>(limits.body_bytes, 0)));
    boost::beast::flat_buffer buffer(limits.header_bytes + kReadAheadBytes);

    const auto header =
        co_await with_timeout(http::async_read_header(stream, buffer, parser, kTuple), limits.read);
    if (!header) co_return fail(Errc::read_timeout, where);
    if (const auto [error, bytes] = *header; error) co_return network_error(error, where);
    HttpAnswer answer;
    answer.status = parser.get().result_int();
    for (const auto& field : parser.get())
        answer.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));

    if (const auto encoding = find_header(answer.headers, "content-encoding");
        encoding && !same_header_name(*encoding, "identity"))
        co_return fail(Errc::malformed, where + ": content-encoding, though none was offered");
    if (const auto encoding = find_header(answer.headers, "transfer-encoding");
        encoding && !same_header_name(*encoding, "chunked"))
        co_return fail(Errc::malformed, where + ": transfer-encoding");

    error_code error;
    std::optional<Error> refused;
    if (sink && is_success(answer.status)) {
        error = co_await read_pieces(stream, buffer, parser, limits.read,
                                     [&](std::string_view piece) -> error_code {
                                         const auto taken = sink(answer, piece);
                                         if (!taken) refused = taken.error();
                                         return refused ? refused->code : error_code{};
                                     });
        if (refused) co_return *refused;
        if (error == asio::error::timed_out) co_return fail(Errc::read_timeout, where);
    } else {
        error = co_await read_body(stream, buffer, parser, answer.body);
    }
    if (error) co_return network_error(error, where);
    co_return answer;
}

http::request<http::string_body> message_of(HttpRequest request) {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.target);
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.set(http::field::host, authority(request.host, request.port));
    message.set(http::field::accept_encoding, "identity");
    message.body() = std::move(request.body);
    message.prepare_payload();
    return message;
}

template <class Stream>
asio::awaitable<Result<HttpAnswer>> exchange_over(Stream& stream, HttpRequest request,
                                                  HttpLimits limits, const BodySink& sink,
                                                  std::string where) {
    const auto message = message_of(std::move(request));
    const auto written =
        co_await with_timeout(http::async_write(stream, message, kTuple), limits.write);
    if (!written) co_return fail(Errc::write_timeout, where);
    std::optional<Error> cut_short;
    if (const auto [error, bytes] = *written; error) {
        cut_short = network_error(error, where);
        if (cut_short->code != Errc::closed) co_return *cut_short;
    }
    // A peer that refuses a long request answers and closes without reading it; its reason may lie
    // here already.
    auto answer = Result<HttpAnswer>(HttpAnswer{});
    if (sink) {
        answer = co_await read_answer(stream, limits, sink, where);
    } else {
        auto whole = co_await with_timeout(read_answer(stream, limits, sink, where), limits.read);
        if (!whole) co_return fail(Errc::read_timeout, where);
        answer = std::move(*whole);
    }
    if (!answer && cut_short) co_return *cut_short;
    co_return answer;
}

asio::awaitable<Result<HttpAnswer>> exchange(HttpRequest request, HttpLimits limits, BodySink sink,
                                             std::string where) {
    auto socket = co_await connect(request.host, request.port, limits.resolve, limits.connect);
    if (!socket) co_return socket.error();

    Ending ending(*socket);
    auto answer = Result<HttpAnswer>(HttpAnswer{});
    if (const auto tls = request.tls) {
        asio::ssl::stream<tcp::socket&> stream(*socket, tls->context());
        const auto shaken = co_await shake_hands(stream, request.host, limits.handshake, where);
        if (!shaken) co_return shaken.error();
        answer = co_await exchange_over(stream, std::move(request), limits, sink, where);
    } else {
        answer = co_await exchange_over(*socket, std::move(request), limits, sink, where);
    }
    if (answer) ending.in_peace();
    co_return answer;
}

asio::awaitable<Result<HttpAnswer>> request_with(HttpRequest request, HttpLimits limits,
                                                 BodySink sink) {
    const auto where = authority(request.host, request.port);
    if (const auto fault = fault_of(request); !fault.empty())
        co_return fail(Errc::malformed, where + ": request's " + fault);
    try {
        co_return co_await exchange(std::move(request), limits, std::move(sink), where);
    } catch (const boost::system::system_error& thrown) {
        co_return network_error(thrown.code(), where);
    }
}

}  // namespace

asio::awaitable<Result<HttpAnswer>> request(HttpRequest request, HttpLimits limits) {
    return request_with(std::move(request), limits, {});
}

asio::awaitable<Result<HttpAnswer>> download(HttpRequest request, HttpLimits limits,
                                             BodySink sink) {
    return request_with(std::move(request), limits, std::move(sink));
}

}  // namespace network
