#include "network/http/client.hpp"

#include "network/errc.hpp"
#include "network/http/connect.hpp"
#include "network/http/head.hpp"
#include "network/http/headers.hpp"
#include "network/http/names.hpp"
#include "network/http/read_body.hpp"
#include "network/http/timeout.hpp"
#include "network/http/url.hpp"
#include "network/tls.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <memory>

namespace network {

using namespace names;

namespace {

constexpr std::size_t kReadAheadBytes = 64 << 10;

constexpr int kMostInterim = 32;  // answers 1xx ahead of the final one

// A line end in a header would let one request say two things.
bool is_plain(std::string_view text, bool blanks) {
    return std::none_of(text.begin(), text.end(), [&](unsigned char c) {
        return c < 0x20 || c == 0x7f || (c == ' ' && !blanks);
    });
}

std::string fault_of(const HttpRequest& request) {
    if (request.host.empty() || !is_plain(request.host, false) ||
        request.host.find_first_of("/?#@\\") != request.host.npos)
        return "host";
    // What follows a CONNECT is no HTTP.
    if (!is_token(request.method) || request.method == "CONNECT") return "method";
    if (request.target.empty() || request.target[0] != '/' || !is_plain(request.target, false) ||
        request.target.find('#') != request.target.npos)
        return "target";
    for (const auto& [name, value] : request.headers)
        if (!is_token(name) || !is_plain(value, true) ||
            same_header_name(name, "transfer-encoding"))
            return "header " + (is_plain(name, true) ? name : "name");
    return {};
}

bool is_success(unsigned status) { return status == 200 || status == 206; }

// Whether all members of the list, if it has any, are that one.
bool lists_only(const HttpHeaders& headers, std::string_view name, std::string_view member) {
    const auto members = list_members(headers, name);
    return std::all_of(members.begin(), members.end(),
                       [&](std::string_view each) { return same_header_name(each, member); });
}

// RFC 9112, 6.1: only chunked was offered by the version; "identity" was once a name for nothing.
bool is_framed_as_offered(const HttpHeaders& headers) {
    constexpr auto kName = "transfer-encoding";
    return lists_only(headers, kName, "identity") ||
           (lists_only(headers, kName, "chunked") && list_members(headers, kName).size() == 1);
}

using AnswerParser = http::response_parser<http::buffer_body>;

std::uint64_t most_of_body(const HttpLimits& limits) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(limits.body_bytes, 0));
}

// Reads heads until one is of the final answer. `bodiless`: the answer has no body, whatever its
// header says. Its body's announced length is held against nothing yet.
template <class Stream>
asio::awaitable<Result<void>> read_final_head(Stream& stream, boost::beast::flat_buffer& buffer,
                                              std::optional<AnswerParser>& parser, bool bodiless,
                                              const HttpLimits& limits, const std::string& where) {
    for (int interim = 0; interim <= kMostInterim; ++interim) {
        auto head =
            co_await read_head(stream, buffer, limits.header_bytes, fault_in_start_of_answer);
        if (head.error) co_return network_error(head.error, where);
        parser.emplace();
        parser->body_limit(boost::none);
        parser->skip(bodiless);
        const auto error = parse_head(*parser, tidied_answer(std::move(head.text)));
        if (error) co_return network_error(error, where);
        const auto status = parser->get().result_int();
        if (status < 100) co_return fail(Errc::malformed, where + ": status below 100");
        if (status == 101)
            co_return fail(Errc::malformed, where + ": switches protocols, though not asked to");
        if (status >= 200) co_return Result<void>();
    }
    co_return fail(Errc::malformed, where + ": one interim answer after the other");
}

template <class Stream>
asio::awaitable<Result<HttpAnswer>> read_answer(Stream& stream, bool bodiless, HttpLimits limits,
                                                const BodySink& sink, std::string where) {
    boost::beast::flat_buffer buffer(limits.header_bytes + kReadAheadBytes);
    std::optional<AnswerParser> started;
    const auto header = co_await with_timeout(
        read_final_head(stream, buffer, started, bodiless, limits, where), limits.read);
    if (!header) co_return fail(Errc::read_timeout, where);
    if (!*header) co_return header->error();
    auto& parser = *started;
    HttpAnswer answer;
    answer.status = parser.get().result_int();
    answer.headers = headers_of(parser.get());

    if (!lists_only(answer.headers, "content-encoding", "identity"))
        co_return fail(Errc::malformed, where + ": content-encoding, though none was offered");
    if (!is_framed_as_offered(answer.headers))
        co_return fail(Errc::malformed, where + ": transfer-encoding");

    // Of a refusal or a redirect its head says all; its body may be long, or never come.
    if (sink && !is_success(answer.status)) co_return answer;
    parser.body_limit(most_of_body(limits));
    const auto announced = parser.content_length();
    if (!parser.is_done() && announced && *announced > most_of_body(limits))
        co_return network_error(http::error::body_limit, where);
    error_code error;
    std::optional<Error> refused;
    if (sink) {
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

using Message = http::request<http::span_body<const char>>;

// The body stays where it is.
Message message_of(const HttpRequest& request) {
    Message message;
    message.version(11);
    message.method_string(request.method);
    message.target(request.target);
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.set(http::field::host, host_field(request.host, request.port, request.tls != nullptr));
    message.set(http::field::accept_encoding, "identity");
    message.set(http::field::connection, "close");  // RFC 9112, 9.6: one request a connection
    message.body() = {request.body.data(), request.body.size()};
    message.prepare_payload();
    return message;
}

template <class Stream>
asio::awaitable<Result<HttpAnswer>> exchange_over(Stream& stream, const HttpRequest& request,
                                                  HttpLimits limits, const BodySink& sink,
                                                  std::string where) {
    const auto message = message_of(request);
    const bool bodiless = request.method == "HEAD";
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
        answer = co_await read_answer(stream, bodiless, limits, sink, where);
    } else {
        auto whole =
            co_await with_timeout(read_answer(stream, bodiless, limits, sink, where), limits.read);
        if (!whole) co_return fail(Errc::read_timeout, where);
        answer = std::move(*whole);
    }
    if (!answer && cut_short) co_return *cut_short;
    co_return answer;
}

asio::awaitable<Result<HttpAnswer>> exchange(const HttpRequest& request, HttpLimits limits,
                                             BodySink sink, std::string where) {
    auto socket = co_await connect(request.host, request.port, limits.resolve, limits.connect);
    if (!socket) co_return socket.error();

    ClosingGuard guard(*socket);
    auto answer = Result<HttpAnswer>(HttpAnswer{});
    if (const auto tls = request.tls) {
        asio::ssl::stream<tcp::socket&> stream(*socket, tls->context());
        const auto shaken = co_await shake_hands(stream, request.host, limits.handshake, where);
        if (!shaken) co_return shaken.error();
        answer = co_await exchange_over(stream, request, limits, sink, where);
    } else {
        answer = co_await exchange_over(*socket, request, limits, sink, where);
    }
    if (answer) guard.in_peace();
    co_return answer;
}

asio::awaitable<Result<HttpAnswer>> request_with(const HttpRequest& request, HttpLimits limits,
                                                 BodySink sink) {
    const auto where = authority(request.host, request.port);
    if (const auto fault = fault_of(request); !fault.empty())
        co_return fail(Errc::malformed, where + ": request's " + fault);
    try {
        co_return co_await exchange(request, limits, std::move(sink), where);
    } catch (const boost::system::system_error& thrown) {
        co_return network_error(thrown.code(), where);
    }
}

// Where a 307 or 308 sends the request, if that is the same server: a signature is for its ears
// alone.
std::optional<std::string> moved_within_server(const HttpRequest& request,
                                               const HttpAnswer& answer) {
    if (answer.status != 307 && answer.status != 308) return std::nullopt;
    if (count_headers(answer.headers, "location") != 1) return std::nullopt;
    const auto from = parse_http_url(
        to_text({request.tls != nullptr, request.host, request.port, request.target}));
    if (!from) return std::nullopt;
    const auto to = redirected(*from, *find_header(answer.headers, "location"));
    if (!to || !to->same_origin(*from)) return std::nullopt;
    return to->target;
}

}  // namespace

asio::awaitable<Result<HttpAnswer>> request(HttpRequest request, HttpLimits limits) {
    const BodySink kept;
    auto answer = co_await request_with(request, limits, kept);
    if (!answer) co_return answer;
    if (auto target = moved_within_server(request, *answer)) {
        request.target = std::move(*target);
        answer = co_await request_with(request, limits, kept);
    }
    co_return answer;
}

asio::awaitable<Result<HttpAnswer>> download(HttpRequest request, HttpLimits limits,
                                             BodySink sink) {
    co_return co_await request_with(request, limits, std::move(sink));
}

}  // namespace network
