#include "network/http/lookup.hpp"

#include "network/run_alone.hpp"
#include "tests/network/http/asking.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>

namespace asio = boost::asio;
using network::Errc;
using network::LookedUp;
using tests::failure;
using tests::LoopbackPeer;
using tests::patient;
using namespace std::chrono_literals;

namespace {

// Names that begin with "dead" hang until it is let go; others are this machine's.
class NameServer {
public:
    explicit NameServer(asio::io_context& io) {
        network::look_up_by(io, [state = state_](const std::string& host) {
            std::unique_lock lock(state->mutex);
            ++state->asked[host];
            state->most = std::max(state->most, ++state->at_work);
            if (host.starts_with("dead")) state->changed.wait(lock, [&] { return state->let_go; });
            --state->at_work;
            return LookedUp{{asio::ip::make_address("127.0.0.1")}, {}};
        });
    }
    ~NameServer() { let_go(); }

    void let_go() {
        const std::lock_guard lock(state_->mutex);
        state_->let_go = true;
        state_->changed.notify_all();
    }
    int asked(const std::string& host) const {
        const std::lock_guard lock(state_->mutex);
        return state_->asked[host];
    }
    int most() const {
        const std::lock_guard lock(state_->mutex);
        return state_->most;
    }
    // Whether any thread could still ask it.
    bool is_done_with() const { return state_.use_count() == 1; }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool let_go = false;
        std::map<std::string, int> asked;
        int at_work = 0, most = 0;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

asio::awaitable<config::Result<network::HttpAnswer>> asked(std::uint16_t port, std::string host,
                                                           std::chrono::milliseconds limit = 5min) {
    auto limits = patient();
    limits.resolve = limit;
    auto request = tests::to(port, "{}", host);
    co_return co_await network::request(std::move(request), limits);
}

}  // namespace

TEST_CASE("a name whose lookup hangs keeps no other from being looked up, and is not again") {
    asio::io_context io{1};
    NameServer names(io);
    LoopbackPeer peer(tests::answering(tests::kOk));
    network::run_alone(io, [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            const auto dead = co_await asked(peer.port(), "dead.example", 20ms);
            CHECK(failure(dead) == Errc::resolve_timeout);
            CHECK(dead.error().detail == "dead.example:" + std::to_string(peer.port()));
        }
        const auto alive = co_await asked(peer.port(), "alive.example");
        CHECK(alive.has_value());
    }());
    CHECK(tests::eventually([&] { return names.asked("dead.example") == 1; }));
    CHECK(names.asked("alive.example") == 1);
}

TEST_CASE("a name is looked up anew once it was told, and told to all who asked meanwhile") {
    using namespace asio::experimental::awaitable_operators;
    asio::io_context io{1};
    NameServer names(io);
    LoopbackPeer peer(tests::answering(tests::kOk));
    const auto let_go = [&]() -> asio::awaitable<bool> {
        const auto impatient = co_await asked(peer.port(), "dead.example", 20ms);
        CHECK(failure(impatient) == Errc::resolve_timeout);
        CHECK(tests::eventually([&] { return names.asked("dead.example") == 1; }));
        names.let_go();
        co_return true;
    };
    network::run_alone(io, [&]() -> asio::awaitable<void> {
        const auto [first, second, gone] = co_await (
            asked(peer.port(), "dead.example") && asked(peer.port(), "dead.example") && let_go());
        CHECK(gone);
        CHECK(first.has_value());
        CHECK(second.has_value());
        CHECK(names.asked("dead.example") == 1);
        const auto third = co_await asked(peer.port(), "dead.example");
        CHECK(third.has_value());
        CHECK(names.asked("dead.example") == 2);
    }());
}

TEST_CASE("however many names hang, threads are few, and those who wait come to their turn") {
    asio::io_context io{1};
    NameServer names(io);
    LoopbackPeer peer(tests::answering(tests::kOk));
    network::run_alone(io, [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 40; ++i) {
            const auto dead = co_await asked(peer.port(), "dead" + std::to_string(i), 1ms);
            CHECK(failure(dead) == Errc::resolve_timeout);
        }
        const auto late = co_await asked(peer.port(), "alive.example", 1ms);
        CHECK(failure(late) == Errc::resolve_timeout);
        CHECK(tests::eventually([&] { return names.most() == 32; }));
        names.let_go();
        const auto alive = co_await asked(peer.port(), "alive.example");
        CHECK(alive.has_value());
    }());
    CHECK(names.most() == 32);
}

TEST_CASE("neither stopping nor the end of the context waits for a lookup") {
    std::optional<NameServer> names;
    {
        asio::io_context io{1};
        names.emplace(io);
        asio::cancellation_signal signal;
        std::optional<config::Result<network::HttpAnswer>> answer;
        asio::co_spawn(
            io, asked(1, "dead.example", 1h),
            asio::bind_cancellation_slot(
                signal.slot(), [&](std::exception_ptr, config::Result<network::HttpAnswer> result) {
                    answer = std::move(result);
                }));
        while (names->asked("dead.example") == 0) io.run_for(1ms);
        signal.emit(asio::cancellation_type::terminal);
        io.run();
        REQUIRE(answer.has_value());
        CHECK(failure(*answer) == Errc::cancelled);
        // One that nobody stops.
        asio::co_spawn(io, asked(1, "dead.example", 1h), asio::detached);
        io.restart();
        io.run_for(20ms);
    }
    CHECK(names->asked("dead.example") == 1);
    names->let_go();
    CHECK(tests::eventually([&] { return names->is_done_with(); }));
}

TEST_CASE("the system looks names up, and says of what is none that it is not there") {
    LoopbackPeer peer(tests::answering(tests::kOk));
    CHECK(tests::run(asked(peer.port(), "localhost")).has_value());
    // Longer than a label may be: no name server is asked.
    const auto nobody = std::string(64, 'x') + ".invalid";
    const auto unknown = tests::run(asked(peer.port(), nobody));
    CHECK(failure(unknown) == Errc::resolve_failed);
    CHECK(unknown.error().detail.starts_with(nobody + ":" + std::to_string(peer.port()) + ": "));
}
