#include "network/http/timeout.hpp"

#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <stdexcept>

namespace asio = boost::asio;
using network::with_timeout;
using namespace std::chrono_literals;

// Whoever waits for the end of one that is to be cancelled waits longer than a test may take.
namespace {

asio::awaitable<int> slow() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 1;
}

asio::awaitable<int> quick() { co_return 7; }

asio::awaitable<int> failing() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    throw std::runtime_error("no luck");
}

}  // namespace

TEST_CASE("time running out cancels the operation") {
    CHECK_FALSE(tests::run(with_timeout(slow(), 20ms)).has_value());
}

TEST_CASE("an operation that is quick enough keeps its result") {
    CHECK(tests::run(with_timeout(quick(), 1h)) == 7);
}

TEST_CASE("what an operation throws comes at once, not when the time is over") {
    CHECK_THROWS_AS(tests::run(with_timeout(failing(), 1h)), std::runtime_error);
}

TEST_CASE("the inner of two deadlines is the one that ends the operation") {
    const auto result = tests::run(with_timeout(with_timeout(slow(), 10ms), 1h));
    REQUIRE(result.has_value());
    CHECK_FALSE(result->has_value());
}

TEST_CASE("cancelling the caller cancels the operation") {
    using namespace asio::experimental::awaitable_operators;
    const auto brief = []() -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
        co_await timer.async_wait(asio::use_awaitable);
    };
    const auto first = tests::run(with_timeout(slow(), 1h) || brief());
    CHECK(first.index() == 1);
}
