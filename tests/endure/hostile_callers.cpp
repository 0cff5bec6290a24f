#include "tests/endure/hostile_callers.hpp"

#include "tests/endure/hostile_pictures.hpp"
#include "tests/network/loopback.hpp"

#include <list>
#include <string_view>
#include <thread>
#include <utility>

namespace endure {
namespace {

using Socket = tests::LoopbackPeer::Socket;

constexpr std::size_t kMebibyte = 1 << 20;

Socket connected(boost::asio::io_context& io, std::uint16_t port) {
    Socket socket(io);
    boost::system::error_code refused;
    socket.connect({boost::asio::ip::address_v4::loopback(), port}, refused);
    return socket;
}

// Said by so many connections at once, which then stay until it is over.
auto crowd(std::size_t connections, std::string text) {
    return [connections, text = std::move(text)](std::uint16_t port, Moment& moment) {
        boost::asio::io_context io;
        std::list<Socket> sockets;
        for (std::size_t i = 0; i < connections; ++i) {
            sockets.push_back(connected(io, port));
            boost::system::error_code shown_the_door;
            if (!text.empty())
                boost::asio::write(sockets.back(), boost::asio::buffer(text), shown_the_door);
        }
        moment.in_place.set_value();
        moment.over.wait();
    };
}

// Each on a thread of its own: `head`, and `piece` until so much was said or the door was shown.
// Then the answer is awaited.
auto shouting(int connections, std::string head, std::string piece, std::size_t most) {
    return [=](std::uint16_t port, Moment& moment) {
        std::vector<std::thread> threads;
        for (int i = 0; i < connections; ++i)
            threads.emplace_back([&] {
                boost::asio::io_context io;
                auto socket = connected(io, port);
                boost::system::error_code error;
                boost::asio::write(socket, boost::asio::buffer(head), error);
                for (std::size_t sent = 0; !error && sent < most; sent += piece.size())
                    boost::asio::write(socket, boost::asio::buffer(piece), error);
                char bytes[4096];
                while (!error) socket.read_some(boost::asio::buffer(bytes), error);
            });
        for (auto& thread : threads) thread.join();
        moment.in_place.set_value();
    };
}

std::string repeated(std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() + piece.size() <= bytes) text += piece;
    return text;
}

// One request or several calls of the same, whole.
auto calls(int connections, const std::string& request) {
    return shouting(connections, request, {}, 0);
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<CallerAttack> of_page() {
    const std::string get = "GET /api/stats HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    return {
        {"1,000 connections that say nothing", false, crowd(1000, {})},
        {"1,000 connections of half a header", false,
         crowd(1000, get + "x-more: " + std::string(15'000, 'y'))},
        {"header lines without end, 50 times", false,
         shouting(50, get, "x-more: " + std::string(1000, 'y') + "\r\n", 16 * kMebibyte)},
        {"10,000 questions whose answers nobody reads", false,
         crowd(100, repeated(get + "\r\n", 100 * (get.size() + 2)))},
        {"40 bodies of 24 MiB for the page", false,
         shouting(40, "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 25165824\r\n\r\n",
                  std::string(kMebibyte, 'x'), 24 * kMebibyte)},
        {"40 bodies without end for the page", false,
         shouting(40, "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n",
                  "100000\r\n" + std::string(kMebibyte, 'x') + "\r\n", 24 * kMebibyte)},
    };
}

std::vector<CallerAttack> of_generate() {
    const auto picture = [](const std::string& content) {
        return generate_call("prompt_image_file", "a.png", content);
    };
    const std::string boundary = "content-type: multipart/form-data; boundary=XX\r\n";
    return {
        {"40 pictures of 20 MB at once", true, calls(40, picture(std::string(20'000'000, 'A')))},
        {"40 bodies without end at once", true,
         shouting(40,
                  "POST /generate HTTP/1.1\r\nhost: 127.0.0.1\r\n" + boundary +
                      "transfer-encoding: chunked\r\n\r\n",
                  "100000\r\n" + std::string(kMebibyte, 'x') + "\r\n", 64 * kMebibyte)},
        {"8 PNGs of a gigapixel", true, calls(8, picture(text_of(gigapixel_png())))},
        {"8 PNGs as large as are taken", true,
         calls(8, picture(text_of(plain_png(1549, 1549, 6))))},
        {"8 PNGs of 20 megapixels", true, calls(8, picture(text_of(plain_png(4472, 4472))))},
        {"a prompt of 20 MB", true,
         calls(1, generate_call("prompt", {}, std::string(20'000'000, 'a')))},
        {"a form of a million parts", true,
         calls(1, generate_call("a", {}, repeated("\r\n--XX\r\n\r\n", 20'000'000)))},
        {"8 of 20 MB signed by nobody", true,
         calls(8, generate_call("prompt_image_file", "a.png", std::string(20'000'000, 'A'),
                                "x-bittensor-version: 1\r\nx-bittensor-hotkey: nobody\r\n"
                                "x-bittensor-nonce: 1\r\nx-bittensor-signature: 0x00\r\n"))},
    };
}

}  // namespace

std::string generate_call(const std::string& name, const std::string& filename,
                          const std::string& content, const std::string& headers) {
    auto part = "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"";
    if (!filename.empty()) part += "; filename=\"" + filename + "\"";
    const auto body = part + "\r\n\r\n" + content + "\r\n--XX--\r\n";
    return "POST /generate HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n" + headers +
           "content-type: multipart/form-data; boundary=XX\r\ncontent-length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<CallerAttack> caller_attacks() {
    auto all = of_page();
    for (auto& one : of_generate()) all.push_back(std::move(one));
    return all;
}

}  // namespace endure
