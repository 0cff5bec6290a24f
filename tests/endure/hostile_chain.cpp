#include "tests/endure/hostile_chain.hpp"

#include "network/base64.hpp"

#include <boost/uuid/detail/sha1.hpp>

#include <thread>
#include <utility>

namespace endure {
namespace {

using Script = tests::LoopbackPeer::Script;
using Socket = tests::LoopbackPeer::Socket;
using tests::send;

constexpr std::size_t kMebibyte = 1 << 20;

// RFC 6455, 4.2.2.
std::string accept_of(const std::string& key) {
    boost::uuids::detail::sha1 sha1;
    const auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    sha1.process_bytes(text.data(), text.size());
    boost::uuids::detail::sha1::digest_type words;
    sha1.get_digest(words);
    std::vector<std::uint8_t> bytes;
    for (const unsigned word : words)
        for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(word >> shift));
    return network::base64_encode(bytes);
}

void open(Socket& socket) {
    constexpr std::string_view kField = "Sec-WebSocket-Key: ";
    std::string request;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n");
    const auto at = request.find(kField) + kField.size();
    const auto key = request.substr(at, request.find("\r\n", at) - at);
    send(socket,
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
             accept_of(key) + "\r\n\r\n");
}

// RFC 6455, 5.2: of a whole message of text, unmasked.
std::string frame_head(std::uint64_t bytes) {
    std::string head(1, '\x81');
    int size = 0;  // of the length, when it has bytes of its own
    if (bytes > 0xffff) {
        head += '\x7f';
        size = 8;
    } else if (bytes > 125) {
        head += '\x7e';
        size = 2;
    } else {
        head += char(bytes);
    }
    while (size-- > 0) head += char(bytes >> 8 * size);
    return head;
}

Script says(std::string text) {
    return [text = std::move(text)](Socket& socket) {
        send(socket, text);
        tests::await_hang_up(socket);
    };
}

// What is answered meanwhile is read, so that the answers do not hold the flood up.
Script floods(std::string piece, std::size_t most) {
    return [piece = std::move(piece), most](Socket& socket) {
        std::thread reader([&] { tests::await_hang_up(socket); });
        boost::system::error_code error;
        for (std::size_t sent = 0; !error && sent < most; sent += piece.size())
            boost::asio::write(socket, boost::asio::buffer(piece), error);
        reader.join();
    };
}

std::string repeated(std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() + piece.size() <= bytes) text += piece;
    return text;
}

Script message_without_end(const std::string& piece) {
    return [piece](Socket& socket) {
        send(socket, std::string("\x01\x01 ", 3));
        floods(repeated(piece, kMebibyte), 64 * kMebibyte)(socket);
    };
}

std::string message(const std::string& text) { return frame_head(text.size()) + text; }

std::string notice() {
    return message(
        "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"subscription\":\"none\",\"result\":1}"
        "}");
}

void pump(Socket& from, Socket& to) {
    boost::system::error_code error, ignored;
    char bytes[1 << 14];
    while (!error) {
        const auto got = from.read_some(boost::asio::buffer(bytes), error);
        if (!error) boost::asio::write(to, boost::asio::buffer(bytes, got), error);
    }
    from.shutdown(Socket::shutdown_both, ignored);
    to.shutdown(Socket::shutdown_both, ignored);
}

}  // namespace

std::vector<ChainAttack> chain_attacks() {
    return {
        {"a frame of 2^62 bytes announced", says(frame_head(std::uint64_t(1) << 62))},
        {"a frame of 39 MiB announced", says(frame_head(39 * kMebibyte))},
        {"a frame of 39 MiB begun", says(frame_head(39 * kMebibyte) + std::string(1000, '['))},
        {"a message of JSON of empty lists",
         says(message("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[" +
                      repeated("[],", 39 * kMebibyte) + "[]]}"))},
        {"an answer of 39 MiB", says(message("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"" +
                                             std::string(39 * kMebibyte, 'x') + "\"}"))},
        {"an answer of 39 MiB with an escape",
         says(message("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\\n" +
                      std::string(39 * kMebibyte, 'x') + "\"}"))},
        {"a message of 38 MiB in pieces of a kilobyte",
         says(
             std::string("\x01\x01[", 3) +
             repeated(std::string("\x00\x7e\x04\x00", 4) + std::string(1024, '['), 38 * kMebibyte) +
             std::string("\x80\x01[", 3))},
        {"a message 1,000,000 deep", says(message(std::string(1'000'000, '[')))},
        {"pieces of a message without end", message_without_end({"\x00\x01 ", 3})},
        {"pieces of a message that hold nothing, without end",
         message_without_end({"\x00\x00", 2})},
        {"pieces of 125 bytes of a message without end",
         message_without_end(std::string("\x00\x7d", 2) + std::string(125, '['))},
        {"pings without end",
         floods(repeated(std::string_view("\x89\x00", 2), kMebibyte), 64 * kMebibyte)},
        {"pongs without end",
         floods(repeated(std::string_view("\x8a\x00", 2), kMebibyte), 64 * kMebibyte)},
        {"notices of nothing without end", floods(repeated(notice(), kMebibyte), 64 * kMebibyte)},
    };
}

HostileNode::HostileNode(const ChainAttack* attack, std::uint16_t behind)
    : attack_(attack), behind_(behind), peer_([this](Socket& socket) { serve(socket); }) {}

void HostileNode::serve(Socket& socket) {
    if (attack_ != nullptr && !attacked_) {
        open(socket);
        attacked_ = true;
        return attack_->script(socket);
    }
    boost::asio::io_context io;
    Socket node(io);
    node.connect({boost::asio::ip::address_v4::loopback(), behind_});
    std::thread back([&] { pump(node, socket); });
    pump(socket, node);
    back.join();
}

}  // namespace endure
