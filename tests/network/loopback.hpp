// What network tests share: a peer on loopback that does what a script says, and a way to run a
// coroutine to its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace tests {

// Runs one coroutine on an io lane of its own and returns what it returns, or throws what it
// throws.
template <class T>
T run(boost::asio::awaitable<T> coroutine) {
    boost::asio::io_context io{1};
    auto result = boost::asio::co_spawn(io, std::move(coroutine), boost::asio::use_future);
    io.run();
    return result.get();
}

// Serves one connection after the other on a thread of its own, each as the script says; then the
// connection is closed.
class LoopbackPeer {
public:
    using Socket = boost::asio::ip::tcp::socket;
    using Script = std::function<void(Socket&)>;

    explicit LoopbackPeer(Script script, const char* address = "127.0.0.1")
        : script_(std::move(script)),
          acceptor_(io_, {boost::asio::ip::make_address(address), 0}),
          endpoint_(acceptor_.local_endpoint()),
          thread_([this] { serve(); }) {}

    ~LoopbackPeer() {
        stopping_ = true;
        boost::system::error_code ignored;
        Socket(io_).connect(endpoint_, ignored);  // wakes the accept
        thread_.join();
    }

    std::uint16_t port() const { return endpoint_.port(); }
    int connections() const { return connections_; }

private:
    void serve() {
        for (;;) {
            Socket socket(io_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (stopping_ || error) return;
            ++connections_;
            try {
                script_(socket);
            } catch (const boost::system::system_error&) {
                // The client hung up first, as many of the tests want.
            }
        }
    }

    boost::asio::io_context io_;
    Script script_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ip::tcp::endpoint endpoint_;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::thread thread_;
};

// Reads a request with its body, as far as Content-Length says; returns all of it.
inline std::string read_request(LoopbackPeer::Socket& socket) {
    std::string text;
    auto end = boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n\r\n");
    const auto at = text.find("Content-Length: ");
    const auto body = at < end ? std::stoull(text.substr(at + 16)) : 0;
    if (end + body > text.size()) {
        const auto have = text.size();
        text.resize(end + body);
        boost::asio::read(socket, boost::asio::buffer(text.data() + have, text.size() - have));
    }
    return text;
}

inline void send(LoopbackPeer::Socket& socket, std::string_view text) {
    boost::asio::write(socket, boost::asio::buffer(text));
}

// Until the other end closes; what it sends meanwhile is passed over.
inline void await_hang_up(LoopbackPeer::Socket& socket) {
    boost::system::error_code error;
    char bytes[4096];
    while (!error) socket.read_some(boost::asio::buffer(bytes), error);
}

inline LoopbackPeer::Script answering(std::string answer) {
    return [answer = std::move(answer)](LoopbackPeer::Socket& socket) {
        read_request(socket);
        send(socket, answer);
    };
}

inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace tests
