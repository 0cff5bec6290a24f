#include "tests/endure/virtual_check.hpp"

#include "tests/endure/virtual_time.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace endure::virtual_time {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kBegin{1'800'000'000};
int broken = 0;

void demand(bool holds, const char* what) {
    if (holds) return;
    std::printf("does not hold: %s\n", what);
    ++broken;
}

// By the steady clock, `wait` takes `time` and hardly more.
void takes(Clock::duration time, const char* what, const std::function<void()>& wait) {
    const auto begin = Clock::now();
    wait();
    const auto taken = Clock::now() - begin;
    demand(taken >= time && taken < time + 1ms, what);
}

void check_waits() {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    takes(1h, "a thread sleeps an hour", [] { std::this_thread::sleep_for(1h); });
    takes(2h, "a condition for two", [&] { never.wait_for(lock, 2h); });
    takes(1h, "a condition by the clock of the day",
          [&] { never.wait_until(lock, std::chrono::system_clock::now() + 1h); });
    takes(3h, "a future for three", [] {
        std::promise<void> promise;
        promise.get_future().wait_for(3h);
    });
    takes(1500ms, "poll", [] { ::poll(nullptr, 0, 1500); });
    takes(4h, "Asio's timer for four", [] {
        asio::io_context io;
        asio::steady_timer timer(io, 4h);
        timer.async_wait([](auto) {});
        io.run();
    });
}

// Time stands while somebody works, however little there is for others to do.
void check_work() {
    std::atomic<bool> works = true, stood = true;
    std::thread worker([&] {
        const auto begin = Clock::now();
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < 300'000'000; ++i) sum += i * i;
        stood = Clock::now() < begin + 1ms && sum != 1;
        works = false;
    });
    std::this_thread::sleep_for(1h);
    demand(!works, "an hour passes only when the work is done");
    worker.join();
    demand(stood, "time stands while a thread works");
}

// A thousand questions over loopback take no time, each answered before the next second.
void check_loopback() {
    asio::io_context io;
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    std::thread server([&] {
        auto socket = acceptor.accept();
        char byte = 0;
        boost::system::error_code error;
        while (asio::read(socket, asio::buffer(&byte, 1), error) == 1)
            asio::write(socket, asio::buffer(&byte, 1));
    });
    asio::ip::tcp::socket socket(io);
    socket.connect(acceptor.local_endpoint());
    takes(0s, "questions over loopback", [&] {
        for (char byte = 0; byte < 100; ++byte) {
            asio::write(socket, asio::buffer(&byte, 1));
            asio::read(socket, asio::buffer(&byte, 1));
        }
    });
    socket.close();
    server.join();
}

void check_clocks() {
    const auto boot = [] {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return time.tv_sec;
    };
    const auto unix_time = [] { return std::time(nullptr); };
    const auto steady = Clock::now();
    const auto booted = boot(), of_day = unix_time();
    step_clock(-1h);
    demand(of_day - unix_time() == 3600 && boot() == booted, "the clock is set back alone");
    step_clock(1h);
    suspend(2h);
    demand(unix_time() - of_day == 7200 && boot() - booted == 7200, "a machine sleeps");
    demand(Clock::now() < steady + 1ms, "CLOCK_MONOTONIC stands while it does");
    const tests::TemporaryFolder folder;
    std::ofstream(folder.path() / "empty");
    const tests::Outsider database(folder.path() / "empty");
    demand(database.number("SELECT strftime('%s', 'now')") == unix_time(), "SQLite goes by it");
}

void stuck(const std::string& why) {
    std::printf("stuck: %s\n", why.c_str());
    std::fflush(stdout);
}

}  // namespace

int check() {
    begin(kBegin, stuck);
    demand(std::time(nullptr) == kBegin.count(), "it begins as it is told");
    check_waits();
    check_work();
    check_loopback();
    check_clocks();
    demand(jumps() > 6, "time jumped");
    std::printf("jumps: %lld\n", static_cast<long long>(jumps()));
    return broken == 0 ? 0 : 1;
}

}  // namespace endure::virtual_time
