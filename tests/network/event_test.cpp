#include "network/event.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

using network::Event;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("all who wait are woken, and who comes later is not") {
    asio::io_context io{1};
    Event event(io.get_executor());
    int woken = 0;
    const auto wait = [&]() -> asio::awaitable<void> {
        co_await event.wait();
        ++woken;
    };
    asio::co_spawn(io, wait(), asio::detached);
    asio::co_spawn(io, wait(), asio::detached);
    io.poll();
    CHECK(woken == 0);
    event.happen();
    io.poll();
    CHECK(woken == 2);
    asio::co_spawn(io, wait(), asio::detached);
    io.restart();
    io.poll();
    CHECK(woken == 2);
    event.happen();
    io.run();
    CHECK(woken == 3);
}

TEST_CASE("a deadline ends the wait") {
    asio::io_context io{1};
    Event event(io.get_executor());
    bool over = false;
    const auto wait = [&]() -> asio::awaitable<void> {
        co_await event.wait(std::chrono::steady_clock::now() + 1ms);
        over = true;
    };
    asio::co_spawn(io, wait(), asio::detached);
    io.run();
    CHECK(over);
}
