#include "network/chain/rpc.hpp"

#include "config/escape.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/first_of.hpp"
#include "network/http/timeout.hpp"
#include "network/http/url.hpp"
#include "network/tls.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::Error;
using config::fail;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr auto kNever = Event::kNever;

double drawn() {
    static thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
}

// HTTP's basic authentication (RFC 7617).
std::string basic(const std::string& user) {
    if (user.empty()) return {};
    return "Basic " + base64_encode(std::vector<std::uint8_t>(user.begin(), user.end()));
}

// The URL says more than the host and the port that `detail` begins with.
std::string at_url(const std::string& detail, const Endpoint& endpoint) {
    const auto where = authority(endpoint.host, endpoint.port);
    const auto rest = detail.starts_with(where) ? detail.substr(where.size()) : ": " + detail;
    return endpoint.shown() + rest;
}

// A node that knows no blocks of Substrate is of no chain that is meant.
Error no_heads(const Error& refused) {
    const bool unknown =
        refused.code == Errc::node_error && refused.detail.find("(-32601)") != refused.detail.npos;
    return unknown ? fail(Errc::wrong_chain, "it tells no new blocks: " + refused.detail) : refused;
}

}  // namespace

Rpc::Pending::Pending(Rpc& owner, Items wanted)
    : rpc(owner), id(owner.next_id_++), bell(owner.executor_), items(std::move(wanted)) {
    rpc.pending_.emplace(id, this);
}

Rpc::Pending::~Pending() {
    rpc.pending_.erase(id);
    if (!name.empty()) rpc.subscriptions_.erase(name);
}

Rpc::Rpc(asio::any_io_executor executor, RpcOptions options)
    : executor_(executor),
      options_(std::move(options)),
      failover_(options_.endpoints.size(), options_.backoff, options_.limits.settled),
      stopped_(executor),
      left_event_(executor),
      connection_changed_(executor),
      outbox_filled_(executor),
      new_head_(executor) {
    if (!options_.random) options_.random = drawn;
}

asio::awaitable<void> Rpc::run() {
    while (!stopping_) {
        const auto& endpoint = options_.endpoints[failover_.current()];
        url_ = endpoint.shown();
        established_ = kNever;
        left_.reset();
        const auto ended = co_await first_of(live(endpoint), until_left(), until_stopped());
        lose_all();
        if (stopping_) break;
        last_failure_ = of_node(ended.index() == 0 ? std::get<0>(ended) : *left_);
        const auto lived = established_ == kNever
                               ? milliseconds(0)
                               : std::chrono::floor<milliseconds>(Clock::now() - established_);
        const auto pause = failover_.lost(lived, options_.random());
        if (options_.news) options_.news({url_, last_failure_, pause});
        if (pause.count() == 0 || stopping_) continue;
        best_ = 0;  // perhaps it was the one that claimed it who was wrong
        co_await stopped_.wait(Clock::now() + pause);
    }
    connection_changed_.happen();
    new_head_.happen();
}

asio::awaitable<void> Rpc::until_stopped() {
    while (!stopping_) co_await stopped_.wait();
}

asio::awaitable<void> Rpc::until_left() {
    while (!left_) co_await left_event_.wait();
}

void Rpc::stop() {
    stopping_ = true;
    stopped_.happen();
}

void Rpc::leave(Error why) {
    if (!connected_) return;
    left_ = std::move(why);
    left_event_.happen();
}

Error Rpc::of_node(Error failure) const {
    if (failure.detail.find(url_) == failure.detail.npos)
        failure.detail = url_ + ": " + failure.detail;
    return failure;
}

asio::awaitable<Error> Rpc::live(Endpoint endpoint) {
    // A value of its own: g++ 12 destroys braces inside co_await twice.
    const WebSocketAddress address{endpoint.host, endpoint.port, endpoint.target,
                                   endpoint.tls ? options_.tls : nullptr, basic(endpoint.user)};
    auto socket = co_await open_websocket(address, options_.limits.socket);
    if (!socket) {
        const auto failure = socket.error();
        co_return Error{failure.code, at_url(failure.detail, endpoint)};
    }
    outbox_.clear();
    seen_ = 0;
    // Whichever ends first takes the others with it.
    auto ended = co_await first_of(read(**socket), write(**socket), follow_heads(endpoint.genesis));
    co_return std::visit([](Error& error) { return std::move(error); }, ended);
}

asio::awaitable<Error> Rpc::read(WebSocket& socket) {
    auto since = Clock::now();
    for (int messages = 1;; ++messages) {
        auto text = co_await socket.read();
        if (!text) co_return text.error();
        if (const auto now = Clock::now(); now - since > options_.limits.flood) {
            since = now;
            messages = 0;
        }
        if (messages > options_.limits.messages)
            co_return fail(Errc::malformed, "more messages than anybody asked for");
        auto message = parse_rpc_message(*text);
        if (!message) co_return message.error();
        std::string().swap(*text);  // it may be tens of megabytes, and was read
        if (auto taken = take(std::move(*message)); !taken) co_return taken.error();
    }
}

asio::awaitable<Error> Rpc::write(WebSocket& socket) {
    for (;;) {
        if (outbox_.empty()) {
            co_await outbox_filled_.wait();
            continue;
        }
        auto message = std::move(outbox_.front());
        outbox_.pop_front();
        const auto written = co_await socket.write(std::move(message));
        if (!written) co_return written.error();
    }
}

config::Result<void> Rpc::take(RpcMessage message) {
    if (auto* notice = std::get_if<RpcNotice>(&message)) {
        const auto found = subscriptions_.find(notice->subscription);
        // One that was just given up may still have items under way.
        if (found == subscriptions_.end() || found->second->enough) return {};
        auto& pending = *found->second;
        pending.enough = pending.items(notice->item);
        if (pending.enough) pending.bell.happen();
        return {};
    }
    auto& answer = std::get<RpcAnswer>(message);
    if (answer.id >= next_id_) {
        return fail(Errc::malformed, "an answer to a question that was not asked");
    }
    const auto found = pending_.find(answer.id);
    if (found == pending_.end() || found->second->answer) return {};  // nobody waits any more
    auto& pending = *found->second;
    pending.answer = std::move(answer.result);
    // At once, for its first item may be right behind.
    if (pending.items && *pending.answer) {
        auto name = subscription_name(**pending.answer);
        if (!name) return name.error();
        pending.name = std::move(*name);
        subscriptions_[pending.name] = &pending;
    }
    pending.bell.happen();
    return {};
}

bool Rpc::take_head(const json::value& header) {
    const auto number = block_number(header);
    if (!number) {
        new_head_.happen();
        return true;
    }
    seen_ = *number;  // also where the chain gave up blocks for others
    if (seen_ != head_) head_at_ = Clock::now();
    head_ = seen_;
    best_ = std::max(best_, seen_);
    new_head_.happen();
    return is_behind();
}

// Whether the chain's block 0 is the one that is meant.
asio::awaitable<config::Result<void>> Rpc::check_chain(std::string genesis, Deadline deadline) {
    json::array first_block;
    first_block.emplace_back(0);
    Pending pending(*this, {});
    const auto request = rpc_request(pending.id, "chain_getBlockHash", first_block);
    const auto answer = co_await exchange(pending, request, deadline);
    if (!answer) co_return fail(Errc::read_timeout, "the hash of block 0");
    if (!*answer) co_return answer->error();
    const auto* hash = (**answer).if_string();
    if (!hash) co_return fail(Errc::malformed, "the hash of block 0");
    if (*hash == json::string_view(genesis)) co_return config::Result<void>();
    co_return fail(Errc::wrong_chain,
                   "its block 0 is " + config::printable(*hash, 200) + ", not " + genesis);
}

// Ends when the node is of another chain, or shows no new blocks, or old ones.
asio::awaitable<Error> Rpc::follow_heads(std::string genesis) {
    const auto& limits = options_.limits;
    auto deadline = Clock::now() + limits.greeting;
    if (!genesis.empty()) {
        const auto checked = co_await check_chain(genesis, deadline);
        if (!checked) co_return checked.error();
    }
    Pending heads(*this, [this](const json::value& header) { return take_head(header); });
    const auto request = rpc_request(heads.id, "chain_subscribeNewHeads", {});
    const auto answer = co_await exchange(heads, request, deadline);
    if (!answer) co_return fail(Errc::read_timeout, "no subscription to new blocks");
    if (!*answer) co_return no_heads(answer->error());
    for (std::uint64_t last = 0;;) {
        // The first one may have come right behind the answer.
        if (seen_ == last && !heads.enough) co_await new_head_.wait(deadline);
        if (heads.enough) {
            if (!is_behind()) co_return fail(Errc::malformed, "a block without a number");
            co_return fail(Errc::stale_node, "at block " + std::to_string(seen_) +
                                                 ", others were at " + std::to_string(best_));
        }
        if (seen_ == last) {
            if (Clock::now() < deadline) continue;
            co_return fail(Errc::stale_node, "no new block since " + std::to_string(last));
        }
        last = seen_;
        deadline = Clock::now() + limits.stale;
        if (connected_) continue;
        connected_ = true;
        ++connections_;
        established_ = Clock::now();
        connection_changed_.happen();
        if (options_.news) options_.news({url_, std::nullopt, {}});
    }
}

// Empty when the time is up or the connection is lost.
asio::awaitable<std::optional<Rpc::Answer>> Rpc::exchange(Pending& pending, std::string request,
                                                          Deadline deadline) {
    outbox_.push_back(std::move(request));
    outbox_filled_.happen();
    if (!pending.answer) co_await pending.bell.wait(deadline);
    co_return std::move(pending.answer);  // what is left there still says that there was one
}

asio::awaitable<bool> Rpc::connected_by(Deadline deadline) {
    while (!connected_ && !stopping_ && Clock::now() < deadline) {
        co_await connection_changed_.wait(deadline);
    }
    co_return connected_ && !stopping_;
}

Error Rpc::not_connected() const {
    if (stopping_) return fail(Errc::cancelled, "the connection to the chain is being closed");
    if (last_failure_) return *last_failure_;
    return fail(Errc::connect_timeout, url_);
}

asio::awaitable<Rpc::Answer> Rpc::call(std::string method, json::array parameters) {
    const auto deadline = Clock::now() + options_.limits.request;
    for (;;) {
        if (!co_await connected_by(deadline)) co_return not_connected();
        Pending pending(*this, {});
        const auto request = rpc_request(pending.id, method, parameters);
        auto answer = co_await exchange(pending, request, deadline);
        if (answer && *answer) co_return std::move(*answer);
        if (answer && answer->error().code != Errc::closed) {
            co_return Error{answer->error().code, method + ": " + answer->error().detail};
        }
        if (Clock::now() >= deadline) co_return fail(Errc::read_timeout, url_ + ": " + method);
    }
}

asio::awaitable<config::Result<void>> Rpc::watch(std::string method, json::array parameters,
                                                 std::string unsubscribe_method, Items items,
                                                 milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    if (!co_await connected_by(deadline)) co_return not_connected();
    Pending pending(*this, std::move(items));
    const auto request = rpc_request(pending.id, method, parameters);
    const auto answer = co_await exchange(pending, request, deadline);
    if (!answer) co_return fail(Errc::read_timeout, url_ + ": " + method);
    if (!*answer) co_return Error{answer->error().code, method + ": " + answer->error().detail};
    while (!pending.enough && *pending.answer && Clock::now() < deadline) {
        co_await pending.bell.wait(deadline);
    }
    if (!*pending.answer) co_return pending.answer->error();
    unsubscribe(unsubscribe_method, pending.name);
    if (!pending.enough) co_return fail(Errc::read_timeout, url_ + ": " + method);
    co_return config::Result<void>();
}

// Nobody waits for the answer.
void Rpc::unsubscribe(const std::string& method, const std::string& name) {
    outbox_.push_back("{\"jsonrpc\":\"2.0\",\"id\":" + std::to_string(next_id_++) +
                      ",\"method\":\"" + method + "\",\"params\":[" + name + "]}");
    outbox_filled_.happen();
}

void Rpc::lose_all() {
    connected_ = false;
    outbox_.clear();
    subscriptions_.clear();
    for (auto& [id, pending] : pending_) {
        const bool served = pending->items ? pending->enough : pending->answer.has_value();
        if (served) continue;
        pending->answer = Answer(fail(Errc::closed, url_));
        pending->bell.happen();
    }
}

asio::awaitable<void> Rpc::wait_for(std::uint64_t number) {
    for (auto before = head_; !stopping_ && head_ < number && head_ >= before;) {
        before = head_;
        co_await new_head_.wait();
    }
}

}  // namespace network
