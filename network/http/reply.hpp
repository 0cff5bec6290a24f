// Sending answers. Private to http/.
#pragma once

#include "network/http/message.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>

namespace network {

using ReplyMessage = boost::beast::http::response<boost::beast::http::string_body>;

ReplyMessage message_of(ServerReply reply, bool keep_alive);
ServerReply plain_reply(unsigned status, std::string text);

// To a HEAD goes the header of what a GET would have got. False when the connection must be closed.
boost::asio::awaitable<bool> send_whole(boost::asio::ip::tcp::socket& socket, ReplyMessage message,
                                        std::chrono::milliseconds limit, bool head = false);

// As reply.delivery has it. False when the connection must be closed.
boost::asio::awaitable<bool> deliver(boost::asio::ip::tcp::socket& socket, ServerReply reply,
                                     bool keep_alive, std::chrono::milliseconds limit,
                                     std::size_t drip_pieces, std::chrono::milliseconds drip_pause);

}  // namespace network
