// A connection to the chain that stays: JSON-RPC over WebSocket to one of several nodes. When a
// node is lost, silent, behind, of another chain, no node at all or left by whoever asks, the next
// one is taken; subscriptions are made again there and calls under way are repeated. Lives on one
// executor with a single thread.
//
// run() owns the life-cycle, stop() ends it. The object must outlive run() and every call.
#pragma once

#include "config/result.hpp"
#include "network/backoff.hpp"
#include "network/chain/endpoint.hpp"
#include "network/chain/failover.hpp"
#include "network/chain/rpc_message.hpp"
#include "network/event.hpp"
#include "network/http/websocket.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace network {

struct RpcLimits {
    // 65,535 neurons take some 29 MiB as hexadecimal digits.
    WebSocketLimits socket = {.message_bytes = 40 << 20};
    std::chrono::milliseconds request{30'000};   // a call, waiting for a connection included
    std::chrono::milliseconds greeting{15'000};  // until a new connection shows a block
    std::chrono::milliseconds stale{180'000};    // without a new block for so long: another node
    // A node that says more than so much in so long is left, lest it keep a core busy.
    int messages = 20'000;
    std::chrono::milliseconds flood{10'000};
    std::uint64_t behind = 50;                  // blocks behind the newest seen: another node
    std::chrono::milliseconds settled{60'000};  // see Failover
};

// What happened to the connection, for whoever logs it.
struct RpcNews {
    std::string url;                     // as it may be shown
    std::optional<config::Error> lost;   // empty: connected, and the node shows new blocks
    std::chrono::milliseconds pause{0};  // until the next try; with `lost`
};

struct RpcOptions {
    std::vector<Endpoint> endpoints;           // best first, at least one
    std::shared_ptr<const Tls> tls = nullptr;  // whom wss:// endpoints are checked by
    RpcLimits limits = {};
    Backoff::Settings backoff = {};
    std::function<double()> random = {};  // in [0, 1); empty: the system's
    std::function<void(const RpcNews&)> news = {};
};

class Rpc {
public:
    using Answer = config::Result<boost::json::value>;
    // Sees each item of a subscription; true: enough.
    using Items = std::function<bool(const boost::json::value&)>;

    Rpc(boost::asio::any_io_executor executor, RpcOptions options);

    // Keeps connected until stop().
    boost::asio::awaitable<void> run();
    void stop();

    // Waits for a connection if there is none. A call whose connection is lost is repeated on the
    // next one, so it must be one that may be sent twice. Fails with node_error, read_timeout (no
    // answer in limits.request), what became of the last connection if there was none in that time,
    // cancelled (stopped).
    boost::asio::awaitable<Answer> call(std::string method, boost::json::array parameters = {});

    // Subscribes, hands every item to `items` until it has enough, and unsubscribes. Never repeated
    // by itself. Fails as call() does, and with closed when the connection is lost meanwhile.
    boost::asio::awaitable<config::Result<void>> watch(std::string method,
                                                       boost::json::array parameters,
                                                       std::string unsubscribe, Items items,
                                                       std::chrono::milliseconds limit);

    boost::asio::any_io_executor executor() const { return executor_; }

    // The newest block of the node at hand, or of the last one; 0 before any was seen.
    std::uint64_t head() const { return head_; }
    // When it was seen first; nothing before any was.
    std::optional<std::chrono::steady_clock::time_point> head_at() const { return head_at_; }
    bool connected() const { return connected_; }
    // The connection at hand, counted from 1; 0: there is none.
    std::uint64_t connection() const { return connected_ ? connections_ : 0; }
    // Of the node at hand, or the last one; as it may be shown.
    const std::string& url() const { return url_; }

    // Leaves the node at hand for the next one, as if it had been lost for this reason: it shows
    // new blocks, and is of no use to whoever asks. Without a connection nothing happens.
    void leave(config::Error why);

    // Returns once head() is at least `number`, or lower than it was; when stopped, at once.
    boost::asio::awaitable<void> wait_for(std::uint64_t number);

private:
    // An answer that somebody waits for; lives in the coroutine that does.
    struct Pending {
        explicit Pending(Rpc& rpc, Items items);
        ~Pending();
        Pending(const Pending&) = delete;

        Rpc& rpc;
        std::uint64_t id;
        Event bell;
        std::optional<Answer> answer;
        Items items;       // of a subscription
        std::string name;  // of the subscription once it is made
        bool enough = false;
    };
    using Deadline = std::chrono::steady_clock::time_point;

    boost::asio::awaitable<config::Error> live(Endpoint endpoint);
    boost::asio::awaitable<config::Error> read(WebSocket& socket);
    boost::asio::awaitable<config::Error> write(WebSocket& socket);
    boost::asio::awaitable<config::Error> follow_heads(std::string genesis);
    boost::asio::awaitable<config::Result<void>> check_chain(std::string genesis,
                                                             Deadline deadline);
    boost::asio::awaitable<void> until_stopped();
    boost::asio::awaitable<void> until_left();
    config::Error of_node(config::Error failure) const;
    boost::asio::awaitable<bool> connected_by(Deadline deadline);
    boost::asio::awaitable<std::optional<Answer>> exchange(Pending& pending, std::string request,
                                                           Deadline deadline);
    config::Result<void> take(RpcMessage message);
    bool take_head(const boost::json::value& header);
    bool is_behind() const { return best_ > seen_ + options_.limits.behind; }
    void unsubscribe(const std::string& method, const std::string& name);
    config::Error not_connected() const;
    void lose_all();

    boost::asio::any_io_executor executor_;
    RpcOptions options_;
    Failover failover_;
    bool stopping_ = false;
    bool connected_ = false;
    std::uint64_t connections_ = 0;
    std::optional<config::Error> left_;  // this connection, for that reason
    std::string url_;
    std::optional<config::Error> last_failure_;
    std::uint64_t next_id_ = 1;
    std::uint64_t head_ = 0;
    std::optional<Deadline> head_at_;
    std::uint64_t seen_ = 0;  // the newest of this connection
    std::uint64_t best_ = 0;  // the newest of all nodes since a whole round of them failed
    std::map<std::uint64_t, Pending*> pending_;
    std::map<std::string, Pending*> subscriptions_;
    std::deque<std::string> outbox_;
    Deadline established_{};
    Event stopped_, left_event_, connection_changed_, outbox_filled_, new_head_;
};

}  // namespace network
