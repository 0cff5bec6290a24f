// A node on loopback that says what a script has it say.
#pragma once

#include "network/chain/endpoint.hpp"
#include "network/simulator/websocket_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tests {

namespace json = boost::json;

inline std::string answer_to(const json::object& request, json::value result) {
    return json::serialize(
        json::object{{"jsonrpc", "2.0"}, {"id", request.at("id")}, {"result", std::move(result)}});
}

inline std::string error_to(const json::object& request, int code, const char* words) {
    return json::serialize(json::object{{"jsonrpc", "2.0"},
                                        {"id", request.at("id")},
                                        {"error", {{"code", code}, {"message", words}}}});
}

inline std::string item_of(const char* subscription, json::value item) {
    return json::serialize(
        json::object{{"jsonrpc", "2.0"},
                     {"method", "notification"},
                     {"params", {{"subscription", subscription}, {"result", std::move(item)}}}});
}

inline std::string head_item(std::uint64_t number) {
    return item_of("heads", json::object{{"number", "0x" + [&] {
                                              char digits[17];
                                              std::snprintf(
                                                  digits, sizeof digits, "%llx",
                                                  static_cast<unsigned long long>(number));
                                              return std::string(digits);
                                          }()}});
}

class ScriptedNode {
public:
    // What is sent for a request, in order; "close" closes the connection instead.
    using Script = std::function<std::vector<std::string>(const json::object& request)>;

    explicit ScriptedNode(Script script, std::uint64_t block = 100)
        : script_(std::move(script)), block_(block) {
        server_ = network::WebSocketServer::listen(
                      io_, "127.0.0.1", 0,
                      [this](network::WebSocket& socket) { return talk(socket); }, {})
                      .value();
        boost::asio::co_spawn(io_, server_->run(), boost::asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }

    ~ScriptedNode() {
        boost::asio::post(io_, [this] { server_->stop(); });
        thread_.join();
    }

    network::Endpoint endpoint() const {
        return {.tls = false, .host = "127.0.0.1", .port = server_->port()};
    }
    int connections() const { return connections_; }
    int heads_asked() const { return heads_asked_; }
    void cut() {
        boost::asio::post(io_, [this] { server_->close_all(); });
    }

private:
    boost::asio::awaitable<void> talk(network::WebSocket& socket) {
        ++connections_;
        for (;;) {
            const auto text = co_await socket.read();
            if (!text) co_return;
            const auto request = json::parse(*text).as_object();
            std::vector<std::string> replies = script_(request);
            if (replies.empty() && request.at("method") == "chain_subscribeNewHeads") {
                ++heads_asked_;
                replies = {answer_to(request, "heads"), head_item(block_)};
            }
            for (auto& reply : replies) {
                if (reply == "close") co_return;
                if (!co_await socket.write(std::move(reply))) co_return;
            }
        }
    }

    Script script_;
    std::uint64_t block_;
    boost::asio::io_context io_{1};
    std::unique_ptr<network::WebSocketServer> server_;
    std::atomic<int> connections_ = 0, heads_asked_ = 0;
    std::thread thread_;
};

}  // namespace tests
