#include "miner/runtime/stop.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

using miner::Stop;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

template <class Coroutine>
void on_io(Coroutine coroutine) {
    asio::io_context io{1};
    Stop stop(io.get_executor());
    std::exception_ptr failure;
    asio::co_spawn(io, coroutine(stop), [&](std::exception_ptr error) { failure = error; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

asio::awaitable<int> after(std::chrono::milliseconds delay, int value) {
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(asio::use_awaitable);
    co_return value;
}

asio::awaitable<int> thrower() {
    co_await after(1ms, 0);
    throw std::runtime_error("broken");
}

}  // namespace

TEST_CASE("asking to stop wakes all who sleep and ends what may be ended") {
    on_io([](Stop& stop) -> asio::awaitable<void> {
        asio::steady_timer later(co_await asio::this_coro::executor, 5ms);
        later.async_wait([&](auto) { stop.ask(); });
        CHECK_FALSE(co_await stop.unless_asked(after(1h, 1)));
        CHECK(stop.asked());
        CHECK_FALSE(stop.immediate());
        CHECK_FALSE(co_await stop.sleep(1h));
        CHECK(co_await stop.unless_now(after(1ms, 7)) == 7);  // what is at hand goes on
    });
}

TEST_CASE("stopping now ends everything and fires the token") {
    on_io([](Stop& stop) -> asio::awaitable<void> {
        const auto token = stop.token();
        asio::steady_timer later(co_await asio::this_coro::executor, 5ms);
        later.async_wait([&](auto) { stop.now(); });
        CHECK_FALSE(co_await stop.unless_now(after(1h, 1)));
        CHECK(token.stop_requested());
        CHECK_FALSE(co_await stop.unless_now(after(0ms, 1)));
        CHECK_FALSE(co_await stop.unless_asked(after(0ms, 1)));
    });
}

TEST_CASE("an operation that throws is not waited for until the end of time") {
    CHECK_THROWS_WITH(
        on_io([](Stop& stop) -> asio::awaitable<void> { co_await stop.unless_asked(thrower()); }),
        "broken");
}

TEST_CASE("undisturbed sleep and work come to their end") {
    on_io([](Stop& stop) -> asio::awaitable<void> {
        CHECK(co_await stop.sleep(1ms));
        CHECK(co_await stop.unless_asked(after(1ms, 3)) == 3);
    });
}
