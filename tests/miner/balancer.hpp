// A load balancer on loopback, for tests: passes each connection on to one of those behind it, as
// kube-proxy does, whom the test chooses. Each connection has a thread of its own.
#pragma once

#include "tests/network/loopback.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tests {

// Sends `request` to whoever listens on that port here, and what comes back to `socket`.
inline void pass_on(LoopbackPeer::Socket& socket, const std::string& request, std::uint16_t port) {
    boost::asio::io_context io;
    LoopbackPeer::Socket onward(io);
    onward.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    send(onward, request);
    char bytes[65536];
    boost::system::error_code error;
    while (!error) {
        const auto count = onward.read_some(boost::asio::buffer(bytes), error);
        send(socket, {bytes, count});
    }
}

class Balancer {
public:
    // The port that a connection goes to, by how many of its kind (questions for /health, calls of
    // /generate) came before; 0: hung up on.
    using Choose = std::function<std::uint16_t(bool call, int before)>;

    explicit Balancer(Choose choose)
        : choose_(std::move(choose)),
          acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
          endpoint_(acceptor_.local_endpoint()),
          thread_([this] { accept(); }) {}
    Balancer(const Balancer&) = delete;
    Balancer& operator=(const Balancer&) = delete;
    ~Balancer() {
        stopping_ = true;
        boost::system::error_code ignored;
        LoopbackPeer::Socket(io_).connect(endpoint_, ignored);  // wakes the accept
        thread_.join();
        for (auto& each : connections_) each.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(endpoint_.port()); }
    int calls() const { return calls_; }
    int questions() const { return questions_; }

private:
    void accept() {
        for (;;) {
            LoopbackPeer::Socket socket(io_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (stopping_ || error) return;
            connections_.emplace_back([this, taken = std::move(socket)]() mutable {
                try {
                    balance(taken);
                } catch (const boost::system::system_error&) {
                    // One of the two hung up; so does this one on the other.
                }
            });
        }
    }

    void balance(LoopbackPeer::Socket& socket) {
        const auto request = read_request(socket);
        const bool call = request.starts_with("POST ");
        const auto port = choose_(call, (call ? calls_ : questions_)++);
        if (port != 0) pass_on(socket, request, port);
    }

    Choose choose_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::ip::tcp::endpoint endpoint_;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> calls_ = 0, questions_ = 0;
    std::vector<std::thread> connections_;  // of the accepting thread, until that has ended
    std::thread thread_;
};

}  // namespace tests
