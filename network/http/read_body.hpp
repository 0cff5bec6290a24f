// Reading a body whose header has been read. Private to http/.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <string>
#include <vector>

namespace network {

// Memory follows what has truly come, never what Content-Length announces; the parser's body_limit
// holds throughout.
template <bool is_request>
boost::asio::awaitable<boost::system::error_code> read_body(
    boost::asio::ip::tcp::socket& socket, boost::beast::flat_buffer& buffer,
    boost::beast::http::parser<is_request, boost::beast::http::buffer_body>& parser,
    std::string& body) {
    namespace http = boost::beast::http;
    constexpr std::size_t kPieceBytes = 64 << 10;
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done()) {
        auto& sink = parser.get().body();
        sink.data = piece.data();
        sink.size = piece.size();
        auto [error, bytes] = co_await http::async_read(
            socket, buffer, parser, boost::asio::as_tuple(boost::asio::use_awaitable));
        if (error == http::error::need_buffer) error = {};
        if (error) co_return error;
        body.append(piece.data(), piece.size() - sink.size);
    }
    co_return boost::system::error_code{};
}

}  // namespace network
