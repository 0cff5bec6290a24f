// The head of a message, its start line and header, read before Beast's parser sees it: where that
// is stricter than RFC 9112 allows, the head is put right first. Private to http/.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace network {

// The bytes of empty lines at the beginning, which some peers send ahead of a message.
std::size_t size_of_empty_lines(std::string_view text);

// The bytes up to and with the first empty line, whether lines end in CRLF or LF; 0 while there is
// none. `looked`: how far an earlier call got, which is not looked through again.
std::size_t size_of_head(std::string_view text, std::size_t& looked);

// What can be said before the head is whole; no error while it may still become one. What is not
// HTTP at all should not be waited for.
boost::system::error_code fault_in_start_of_request(std::string_view text);
boost::system::error_code fault_in_start_of_answer(std::string_view text);

// A minor version beyond 1 means what 1 means.
std::string tidied_request(std::string head);

// The same; and as aiohttp reads answers, and RFC 9112 lets a client: a status line without reason
// and the blank before it, lines that end in LF alone, blanks before a field's colon.
std::string tidied_answer(std::string head);

struct Head {
    std::string text;
    boost::system::error_code error;  // end_of_stream: the peer closed without a word
    bool begun = false;               // something has come
};

// Takes a head off `buffer`, which must have room for more than `limit`, reading on as needed. A
// head longer than `limit` is header_limit; a start line that is longer by itself, buffer_overflow.
template <class Stream>
boost::asio::awaitable<Head> read_head(Stream& stream, boost::beast::flat_buffer& buffer,
                                       std::size_t limit,
                                       boost::system::error_code (*fault)(std::string_view)) {
    namespace http = boost::beast::http;
    constexpr std::size_t kPieceBytes = 16 << 10;
    Head head;
    for (std::size_t looked = 0, empty = 0;;) {
        const auto view = [&] {
            return std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size());
        };
        head.begun = head.begun || buffer.size() > 0;
        if (looked == 0) {
            const auto bytes = size_of_empty_lines(view());
            buffer.consume(bytes);
            empty += bytes;
        }
        const auto text = view();
        const auto size = size_of_head(text, looked);
        if ((size > 0 ? size : text.size()) + empty > limit) {
            const bool one_line = !text.empty() && text.substr(0, limit).find('\n') == text.npos;
            head.error = one_line ? http::error::buffer_overflow : http::error::header_limit;
            co_return head;
        }
        if (size > 0) {
            head.text = text.substr(0, size);
            buffer.consume(size);
            co_return head;
        }
        head.error = fault(text);
        if (head.error) co_return head;
        const auto room = std::min(kPieceBytes, buffer.max_size() - buffer.size());
        const auto [error, got] = co_await stream.async_read_some(
            buffer.prepare(room), boost::asio::as_tuple(boost::asio::use_awaitable));
        buffer.commit(got);
        if (error == boost::asio::error::eof)
            head.error = head.begun ? http::error::partial_message : http::error::end_of_stream;
        else
            head.error = error;
        if (head.error) co_return head;
    }
}

// Has Beast read a whole head. Its own bound is of no use: the head lies in memory already.
template <bool is_request, class Body>
boost::system::error_code parse_head(boost::beast::http::parser<is_request, Body>& parser,
                                     const std::string& head) {
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
    boost::system::error_code error;
    const auto taken = parser.put(boost::asio::buffer(head), error);
    if (error == boost::beast::http::error::need_more || (!error && taken != head.size()))
        return boost::beast::http::error::bad_line_ending;
    return error;
}

}  // namespace network
