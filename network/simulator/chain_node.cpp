#include "network/simulator/chain_node.hpp"

#include "network/chain/rpc_message.hpp"
#include "network/errc.hpp"
#include "network/event.hpp"
#include "network/first_of.hpp"
#include "network/json_fields.hpp"
#include "network/simulator/websocket_server.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <deque>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::Result;

constexpr const char* kHeads = "heads";
constexpr const char* kWatch = "watch";

// One connection; lives in the coroutine that serves it.
struct Client {
    explicit Client(asio::any_io_executor executor) : filled(executor) {}

    void send(const json::value& message) {
        outbox.push_back(json::serialize(message));
        filled.happen();
    }
    void notify(const char* subscription, const char* method, json::value item) {
        json::object parameters{{"subscription", subscription}, {"result", std::move(item)}};
        send(json::object{
            {"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(parameters)}});
    }

    std::deque<std::string> outbox;
    Event filled;
    bool heads = false;
    bool watching = false;  // an extrinsic that is in the next block
};

class Node final : public ChainNode {
public:
    explicit Node(Options options)
        : options_(std::move(options)),
          state_(options_.netuid, std::move(options_.neurons), std::move(options_.metadata)),
          stopped_(io_.get_executor()) {}

    ~Node() override {
        if (!thread_.joinable()) return;
        asio::post(io_, [this] {
            stopping_ = true;
            stopped_.happen();
            server_->stop();
        });
        thread_.join();
    }

    Result<void> listen() {
        auto server = WebSocketServer::listen(
            io_, "127.0.0.1", options_.port, [this](WebSocket& socket) { return serve(socket); },
            WebSocketLimits());
        if (!server) return server.error();
        server_ = std::move(*server);
        asio::co_spawn(io_, server_->run(), asio::detached);  // the thread ends with both
        asio::co_spawn(io_, make_blocks(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
        return {};
    }

    Endpoint endpoint() const override {
        return {.tls = false, .host = "127.0.0.1", .port = server_->port()};
    }
    Tally tally() const override {
        const std::lock_guard lock(mutex_);
        return tally_;
    }
    std::uint64_t block() const override {
        const std::lock_guard lock(mutex_);
        return state_.block();
    }
    ChainState state() const override {
        const std::lock_guard lock(mutex_);
        return state_;
    }
    void change(std::function<void(ChainState&)> how) override {
        const std::lock_guard lock(mutex_);
        how(state_);
    }
    void disconnect() override {
        asio::post(io_, [this] { server_->close_all(); });
    }
    void stall(bool on) override {
        const std::lock_guard lock(mutex_);
        stalled_ = on;
    }
    void mute(bool on) override {
        const std::lock_guard lock(mutex_);
        muted_ = on;
    }
    void pool(bool on) override {
        const std::lock_guard lock(mutex_);
        pools_ = on;
    }
    void take(Questions how) override {
        const std::lock_guard lock(mutex_);
        questions_ = how;
    }

private:
    asio::awaitable<void> make_blocks() {
        while (!stopping_) {
            co_await stopped_.wait(std::chrono::steady_clock::now() + options_.block_time);
            if (stopping_) co_return;
            const std::lock_guard lock(mutex_);
            if (stalled_) continue;
            state_.next_block();
            if (muted_) continue;
            for (auto* client : clients_) {
                if (client->heads) client->notify(kHeads, "chain_newHead", state_.header());
                if (!std::exchange(client->watching, false)) continue;
                const auto hash = state_.answer("chain_getHead", json::array()).value();
                client->notify(kWatch, "author_extrinsicUpdate", json::object{{"inBlock", hash}});
            }
        }
    }

    asio::awaitable<void> serve(WebSocket& socket) {
        Client client(co_await asio::this_coro::executor);
        struct Place {
            std::list<Client*>& list;
            std::list<Client*>::iterator at;
            ~Place() { list.erase(at); }
        } place{clients_, clients_.insert(clients_.end(), &client)};
        count([](Tally& tally) { ++tally.connections; });
        co_await first_of(listen_to(socket, client), talk_to(socket, client));
    }

    asio::awaitable<void> listen_to(WebSocket& socket, Client& client) {
        for (;;) {
            const auto text = co_await socket.read();
            if (!text) co_return;
            const auto request = JsonMessage::parse(*text);
            if (!request) co_return;
            answer(request->fields(), client);
        }
    }

    asio::awaitable<void> talk_to(WebSocket& socket, Client& client) {
        for (;;) {
            while (client.outbox.empty()) co_await client.filled.wait();
            auto message = std::move(client.outbox.front());
            client.outbox.pop_front();
            const auto written = co_await socket.write(std::move(message));
            if (!written) co_return;
        }
    }

    void answer(const json::object& request, Client& client) {
        const auto* id = request.if_contains("id");
        const auto* method = request.if_contains("method");
        const auto* parameters = request.if_contains("params");
        if (!id || !method || !method->is_string()) return;
        const json::array none;
        const auto& list = parameters && parameters->is_array() ? parameters->get_array() : none;
        const auto name = std::string_view(method->get_string());
        const std::lock_guard lock(mutex_);
        count_call(name, list);
        if (muted_) return;
        const auto refuse = [&](int code, std::string_view words) {
            json::object error{{"code", code}, {"message", words}};
            client.send(json::object{{"jsonrpc", "2.0"}, {"id", *id}, {"error", std::move(error)}});
        };
        if (questions_ != Questions::answered && name != "chain_subscribeNewHeads") {
            if (questions_ == Questions::refused) refuse(-32005, "asked too often");
            return;
        }
        const auto result = result_of(name, list, client);
        if (!result) {
            refuse(-32601, result.error().detail);
            return;
        }
        client.send(json::object{{"jsonrpc", "2.0"}, {"id", *id}, {"result", *result}});
        if (name == "chain_subscribeNewHeads") {
            client.heads = true;
            client.notify(kHeads, "chain_newHead", state_.header());
        }
    }

    Result<json::value> result_of(std::string_view name, const json::array& list, Client& client) {
        if (name == "chain_subscribeNewHeads") return json::value(kHeads);
        if (name == "author_unwatchExtrinsic") return json::value(true);
        if (name == "author_submitAndWatchExtrinsic") {
            if (pools_) return json::value(kWatch);
            const auto applied = state_.apply(list);
            if (!applied) return applied.error();
            client.watching = true;
            return json::value(kWatch);
        }
        return state_.answer(name, list);
    }

    template <class Change>
    void count(Change change) {
        const std::lock_guard lock(mutex_);
        change(tally_);
    }

    // Under the lock.
    void count_call(std::string_view name, const json::array& list) {
        const auto first = list.empty() || !list[0].is_string()
                               ? std::string_view()
                               : std::string_view(list[0].get_string());
        tally_.looks += name == "chain_getHead";
        tally_.metadata += first == "Metadata_metadata_at_version";
        tally_.metagraphs += first == "NeuronInfoRuntimeApi_get_neurons_lite";
        tally_.registrations += name == "state_getStorage";
        tally_.extrinsics += name == "author_submitAndWatchExtrinsic";
    }

    asio::io_context io_{1};
    Options options_;
    mutable std::mutex mutex_;  // state_, tally_, stalled_, muted_, pools_, questions_
    ChainState state_;
    Tally tally_;
    bool stalled_ = false, muted_ = false, pools_ = false;
    Questions questions_ = Questions::answered;
    bool stopping_ = false;
    Event stopped_;
    std::list<Client*> clients_;
    std::unique_ptr<WebSocketServer> server_;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ChainNode>> ChainNode::start(Options options) {
    auto node = std::make_unique<Node>(std::move(options));
    if (const auto listening = node->listen(); !listening) return listening.error();
    return std::unique_ptr<ChainNode>(std::move(node));
}

}  // namespace network
