// Reading a body whose header has been read. Private to http/.
#pragma once

#include "network/http/timeout.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network {

// Hands the body to `take` in pieces, each of which must come within `limit` when one is given;
// what `take` returns, if it is an error, ends the reading. Memory follows what has truly come,
// never what Content-Length announces; the parser's body_limit holds throughout. A body in
// thousands of tiny chunks is bad_chunk.
template <bool is_request, class Stream, class Take>
boost::asio::awaitable<boost::system::error_code> read_pieces(
    Stream& stream, boost::beast::flat_buffer& buffer,
    boost::beast::http::parser<is_request, boost::beast::http::buffer_body>& parser,
    std::optional<std::chrono::milliseconds> limit, Take take) {
    namespace http = boost::beast::http;
    constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
    constexpr std::size_t kPieceBytes = 64 << 10;
    // A chunk of a byte is two or three pieces, and takes a hundred times what its byte does.
    constexpr std::size_t kFewPieces = 16 << 10, kSmallPiece = 256;
    std::vector<char> piece(kPieceBytes);
    std::size_t pieces = 0, bytes = 0;
    while (!parser.is_done()) {
        auto& sink = parser.get().body();
        sink.data = piece.data();
        sink.size = piece.size();
        boost::system::error_code error;
        if (limit) {
            const auto read = co_await with_timeout(
                http::async_read_some(stream, buffer, parser, kTuple), *limit);
            if (!read) co_return boost::asio::error::timed_out;
            error = std::get<0>(*read);
        } else {
            error = std::get<0>(co_await http::async_read_some(stream, buffer, parser, kTuple));
        }
        if (error == http::error::need_buffer) error = {};
        if (error) co_return error;
        bytes += piece.size() - sink.size;
        if (++pieces > kFewPieces + bytes / kSmallPiece) co_return http::error::bad_chunk;
        error = take(std::string_view(piece.data(), piece.size() - sink.size));
        if (error) co_return error;
    }
    co_return boost::system::error_code{};
}

template <bool is_request, class Stream>
boost::asio::awaitable<boost::system::error_code> read_body(
    Stream& stream, boost::beast::flat_buffer& buffer,
    boost::beast::http::parser<is_request, boost::beast::http::buffer_body>& parser,
    std::string& body) {
    co_return co_await read_pieces(stream, buffer, parser, std::nullopt,
                                   [&](std::string_view piece) {
                                       body += piece;
                                       return boost::system::error_code{};
                                   });
}

}  // namespace network
