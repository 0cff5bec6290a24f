#include "network/http/lookup.hpp"

#include "network/errc.hpp"
#include "network/event.hpp"
#include "network/http/names.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>

namespace network {

using namespace names;

namespace {

using Clock = std::chrono::steady_clock;
using asio::ip::address;

constexpr int kMostThreads = 32;

std::optional<address> address_of(const sockaddr& place) {
    if (place.sa_family == AF_INET) {
        sockaddr_in known{};
        std::memcpy(&known, &place, sizeof known);
        return asio::ip::address_v4(ntohl(known.sin_addr.s_addr));
    }
    if (place.sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 known{};
    std::memcpy(&known, &place, sizeof known);
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &known.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, known.sin6_scope_id);
}

// Not by Asio's resolver: the process may end meanwhile, and this touches nothing that ends then.
LookedUp ask_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (code == EAI_SYSTEM) return {{}, std::system_category().message(errno)};
    if (code != 0) return {{}, ::gai_strerror(code)};
    LookedUp answer;
    for (const auto* entry = found; entry; entry = entry->ai_next)
        if (const auto known = address_of(*entry->ai_addr)) answer.addresses.push_back(*known);
    ::freeaddrinfo(found);
    return answer;
}

class Asker;

// What is asked for on one context. Shared by the threads, which may outlive that.
class Lookups : public std::enable_shared_from_this<Lookups> {
public:
    void use(LookUp how) { how_ = std::move(how); }
    void ask(const std::string& host, Asker& asker);
    void give_up(const std::string& host, const Asker& asker);
    // The context ends: nothing is posted to it any more.
    void close() {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
    }
    // Locked while an answer is written or read.
    std::mutex& mutex() { return mutex_; }

private:
    bool begin_thread();
    void work();

    LookUp how_ = ask_system;
    std::mutex mutex_;  // all below, and the askers' answers
    bool is_closed_ = false;
    std::map<std::string, std::vector<Asker*>> askers_;  // of each name that is in work or waits
    std::deque<std::string> waiting_;
    int threads_ = 0;
};

// Whoever waits for a name; lives as long as the coroutine that does.
class Asker : public std::enable_shared_from_this<Asker> {
public:
    Asker(std::shared_ptr<Lookups> lookups, std::string host, asio::any_io_executor executor,
          Clock::time_point deadline)
        : lookups_(std::move(lookups)),
          host_(std::move(host)),
          executor_(executor),
          deadline_(deadline),
          bell_(executor) {}
    ~Asker() { lookups_->give_up(host_, *this); }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    asio::awaitable<std::optional<LookedUp>> wait() {
        lookups_->ask(host_, *this);
        co_await bell_.wait(deadline_);
        const std::lock_guard lock(lookups_->mutex());
        co_return std::move(answer_);
    }

    // With the mutex locked, on any thread. What comes late is none, even where the coroutine has
    // not been told that its time is up.
    void take(const LookedUp& answer) {
        if (Clock::now() >= deadline_) return;
        answer_ = answer;
        asio::post(executor_, [weak = weak_from_this()] {
            if (const auto asker = weak.lock()) asker->bell_.happen();
        });
    }

private:
    std::shared_ptr<Lookups> lookups_;
    std::string host_;
    asio::any_io_executor executor_;
    Clock::time_point deadline_;
    Event bell_;
    std::optional<LookedUp> answer_;
};

void Lookups::ask(const std::string& host, Asker& asker) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = askers_.try_emplace(host);
    place->second.push_back(&asker);
    if (!is_new) return;
    waiting_.push_back(host);
    if (threads_ == kMostThreads || begin_thread() || threads_ > 0) return;
    waiting_.pop_back();
    askers_.erase(place);
    asker.take({{}, "no thread to look it up"});
}

void Lookups::give_up(const std::string& host, const Asker& asker) {
    const std::lock_guard lock(mutex_);
    const auto found = askers_.find(host);
    if (found != askers_.end()) std::erase(found->second, &asker);
}

bool Lookups::begin_thread() {
    try {
        std::thread([self = shared_from_this()] { self->work(); }).detach();
    } catch (const std::system_error&) {
        return false;
    }
    ++threads_;
    return true;
}

void Lookups::work() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty() && !is_closed_) {
        const auto host = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        const auto answer = how_(host);
        lock.lock();
        if (is_closed_) break;
        const auto asked = askers_.extract(host);
        for (auto* asker : asked.mapped()) asker->take(answer);
    }
    --threads_;
}

class Service : public asio::execution_context::service {
public:
    static asio::execution_context::id id;

    explicit Service(asio::execution_context& context)
        : asio::execution_context::service(context), lookups_(std::make_shared<Lookups>()) {}

    const std::shared_ptr<Lookups>& lookups() const { return lookups_; }

private:
    void shutdown() override { lookups_->close(); }

    std::shared_ptr<Lookups> lookups_;
};

asio::execution_context::id Service::id;

}  // namespace

void look_up_by(asio::execution_context& context, LookUp how) {
    asio::use_service<Service>(context).lookups()->use(std::move(how));
}

asio::awaitable<Result<std::vector<address>>> look_up(std::string host, milliseconds limit,
                                                      std::string where) {
    const auto executor = co_await asio::this_coro::executor;
    auto& context = asio::query(executor, asio::execution::context);
    const auto asker = std::make_shared<Asker>(asio::use_service<Service>(context).lookups(),
                                               std::move(host), executor, Clock::now() + limit);
    const auto answer = co_await asker->wait();
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        co_return fail(Errc::cancelled, where);
    if (!answer) co_return fail(Errc::resolve_timeout, where);
    if (!answer->failure.empty())
        co_return fail(Errc::resolve_failed, where + ": " + answer->failure);
    co_return answer->addresses;
}

}  // namespace network
