#include "miner/generation/on_device.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST_CASE("a job that does not come back though it was to stop is told of") {
    asio::io_context io{1};
    miner::Device device;
    std::atomic<bool> told = false;
    device.stuck = [&] { told = true; };
    device.longest_deafness = 1ms;
    const bool takes_stop = GENERATE(false, true);
    CAPTURE(takes_stop);
    std::stop_source stop;
    const auto job = [&]() -> asio::awaitable<void> {
        auto running =
            miner::run_on_device(device, takes_stop ? stop.get_token() : std::stop_token(),
                                 [&] { return tests::eventually([&] { return told.load(); }); });
        const bool came = co_await std::move(running);
        CHECK(came);
    };
    asio::co_spawn(io, job(), asio::detached);
    asio::post(io, [&] { stop.request_stop(); });
    io.run();
    CHECK(told);
}

TEST_CASE("a job that waits behind another, and then works, is not taken for stuck") {
    asio::io_context io{1};
    miner::Device device;
    bool told = false;
    device.stuck = [&] { told = true; };
    device.longest_deafness = 1ms;
    std::atomic<bool> first_may_end = false, second_began = false, second_may_end = false;
    const auto until = [](const std::atomic<bool>& flag) {
        return tests::eventually([&] { return flag.load(); });
    };
    const auto first = [&]() -> asio::awaitable<void> {
        auto running = miner::run_on(device.lane, [&] { return until(first_may_end); });
        co_await std::move(running);
    };
    const auto second = [&]() -> asio::awaitable<void> {
        auto running = miner::run_on_device(device, {}, [&] {
            second_began = true;
            return until(second_may_end);
        });
        co_await std::move(running);
    };
    asio::co_spawn(io, first(), asio::detached);
    asio::co_spawn(io, second(), asio::detached);
    // Its patience is over, several times, while it waits on the lane.
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(5ms);
        io.poll();
    }
    CHECK_FALSE(told);
    // Once more just after it has begun; time passes only while io runs, which is when it is seen.
    device.longest_deafness = 10min;
    first_may_end = true;
    CHECK(until(second_began));
    std::this_thread::sleep_for(5ms);
    io.poll();
    CHECK_FALSE(told);
    second_may_end = true;
    io.run();
    CHECK_FALSE(told);
}

TEST_CASE("a job that was not to stop may take as long as it likes") {
    asio::io_context io{1};
    miner::Device device;
    bool told = false;
    device.stuck = [&] { told = true; };
    device.longest_deafness = 1ms;
    const std::stop_source stop;
    const auto job = [&]() -> asio::awaitable<void> {
        auto running = miner::run_on_device(device, stop.get_token(), [] {
            std::this_thread::sleep_for(50ms);
            return true;
        });
        co_await std::move(running);
    };
    asio::co_spawn(io, job(), asio::detached);
    io.run();
    CHECK_FALSE(told);
}
