#include "miner/runtime/lanes.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;
using miner::run_on;

namespace {

template <class T>
T on_io(asio::awaitable<T> task) {
    asio::io_context io{1};
    std::exception_ptr failure;
    T value{};
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T result) {
        failure = error;
        value = std::move(result);
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return value;
}

}  // namespace

TEST_CASE("work goes to the lane and its result comes home") {
    asio::thread_pool lane{1};
    const auto home = std::this_thread::get_id();
    std::thread::id there, back;
    const auto ask = [&]() -> asio::awaitable<std::string> {
        auto job = [&] {
            there = std::this_thread::get_id();
            return std::string("done");
        };
        auto result = co_await run_on(lane, std::move(job));
        back = std::this_thread::get_id();
        co_return result;
    };
    CHECK(on_io(ask()) == "done");
    CHECK(there != home);
    CHECK(back == home);
}

TEST_CASE("what work throws comes home") {
    asio::thread_pool lane{1};
    const auto ask = [&]() -> asio::awaitable<int> {
        auto job = []() -> int { throw std::runtime_error("broken"); };
        co_return co_await run_on(lane, std::move(job));
    };
    CHECK_THROWS_WITH(on_io(ask()), "broken");
}

// A second thread of the lane is free to do whatever the cancellation brings there: it used to end
// the process as soon as the job was done.
TEST_CASE("a caller that is cancelled while its work runs has the result all the same") {
    asio::io_context io{1};
    asio::thread_pool lane{2};
    asio::cancellation_signal cancelled;
    std::promise<void> begun, release;
    auto released = release.get_future();
    int result = 0;
    std::exception_ptr failure;
    const auto ask = [&]() -> asio::awaitable<int> {
        auto job = [&] {
            begun.set_value();
            released.wait();
            return 7;
        };
        co_return co_await run_on(lane, std::move(job));
    };
    asio::co_spawn(
        io, ask(),
        asio::bind_cancellation_slot(cancelled.slot(), [&](std::exception_ptr error, int value) {
            failure = error;
            result = value;
        }));
    asio::post(io, [&] {
        begun.get_future().wait();
        cancelled.emit(asio::cancellation_type::all);
        // Behind anything that the cancellation sent there.
        asio::post(lane, [&] { release.set_value(); });
    });
    io.run();
    CHECK_FALSE(failure);
    CHECK(result == 7);
}
