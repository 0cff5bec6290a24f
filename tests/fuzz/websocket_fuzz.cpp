// Frames of a chain node after the handshake: messages within their bound, or an error.
#include "tests/fuzz/input.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace {

namespace beast = boost::beast;
using Client = beast::websocket::stream<beast::test::stream>;

constexpr std::size_t kLongest = 4096;  // message

// As network/http/websocket_stream.hpp sets it up.
void shake_hands(Client& client, beast::test::stream& node, boost::asio::io_context& io) {
    constexpr std::string_view kField = "Sec-WebSocket-Key: ";
    boost::system::error_code failed = boost::asio::error::would_block;
    client.async_handshake("host", "/", [&](boost::system::error_code error) { failed = error; });
    io.poll();
    const std::string asked(node.str());
    const auto at = asked.find(kField) + kField.size();
    beast::websocket::detail::sec_ws_accept_type accept;
    beast::websocket::detail::make_sec_ws_accept(
        accept, std::string_view(asked).substr(at, asked.find("\r\n", at) - at));
    const auto answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
        std::string(accept.data(), accept.size()) + "\r\n\r\n";
    // Not append(), which wakes nobody who waits for more.
    node.write_some(boost::asio::buffer(answer));
    io.restart();
    io.poll();
    fuzz::require(!failed);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    boost::asio::io_context io;
    Client client(io);
    beast::test::stream node(io);
    client.next_layer().connect(node);
    client.read_message_max(kLongest);
    client.auto_fragment(false);
    shake_hands(client, node, io);
    client.next_layer().read_size(1 + size % 61);  // torn apart anywhere
    client.next_layer().append(fuzz::text(data, size));
    node.close();
    for (boost::system::error_code error; !error;) {
        beast::flat_buffer buffer;
        client.read(buffer, error);
        fuzz::require(buffer.size() <= kLongest);
    }
    return 0;
}
