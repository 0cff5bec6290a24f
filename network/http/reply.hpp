// Sending answers. Private to http/ and simulator/.
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

// How an answer goes to this peer.
struct Manner {
    bool keep_alive = false;
    bool chunks =
        false;          // it is of HTTP/1.1 and knows them; else the connection's end is the body's
    bool head = false;  // it gets the header of what a GET would have got, without the body
    std::chrono::milliseconds limit{};
};

// With what every answer has: Date, and Content-Length where there may be one.
ReplyMessage message_of(ServerReply reply, bool keep_alive);
ServerReply plain_reply(unsigned status, std::string text);

// Adds a Date, unless there is one.
void add_date(boost::beast::http::fields& fields);

// False when the connection must be closed.
boost::asio::awaitable<bool> send_whole(boost::asio::ip::tcp::socket& socket, ReplyMessage message,
                                        Manner manner);
// What is said to a request that may not be read to its end; then the connection must be closed.
boost::asio::awaitable<void> send_refusal(boost::asio::ip::tcp::socket& socket, ServerReply refusal,
                                          Manner manner);

}  // namespace network
