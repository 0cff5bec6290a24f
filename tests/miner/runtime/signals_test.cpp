// Real signals to this process, which in earnest would end it.
#include "miner/runtime/signals.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using miner::ExitCode;
using tests::eventually;

namespace {

void send(int number) { REQUIRE(::kill(::getpid(), number) == 0); }

// What was logged, from any thread.
class Lines {
public:
    config::Logger log{config::Level::info, false, [this](std::string_view line) {
                           const std::lock_guard lock(mutex_);
                           lines_.emplace_back(line);
                       }};

    int count(std::string_view part) {
        const std::lock_guard lock(mutex_);
        return int(std::count_if(lines_.begin(), lines_.end(),
                                 [&](const auto& line) { return line.find(part) != line.npos; }));
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

// watch_signals on an io lane of its own, which runs on when the watch is over.
class Watch {
public:
    Watch(config::Logger& log, std::chrono::milliseconds grace, bool hang_up_stops) {
        miner::take_signals(signals_);
        asio::co_spawn(io_,
                       miner::watch_signals(signals_, stop_, grace, log,
                                            {.first = [this] { ++firsts_; },
                                             .hang_up_stops = hang_up_stops,
                                             .end = [this](ExitCode code) { code_ = int(code); }}),
                       [this](std::exception_ptr) { returned_ = true; });
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Watch() {
        asio::post(io_, [this] {
            signals_.cancel();
            work_.reset();
        });
        thread_.join();
    }

    bool asked() {
        return on_io([this] { return stop_.asked(); });
    }
    bool immediate() {
        return on_io([this] { return stop_.immediate(); });
    }
    void cancel() {
        on_io([this] { return signals_.cancel(), true; });
    }
    int firsts() const { return firsts_; }
    bool returned() const { return returned_; }
    int code() const { return code_; }  // -1: not ended

private:
    template <class Look>
    bool on_io(Look look) {
        std::packaged_task<bool()> task(look);
        asio::post(io_, [&] { task(); });
        return task.get_future().get();
    }

    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    asio::signal_set signals_{io_};
    miner::Stop stop_{io_.get_executor()};
    std::atomic<int> firsts_ = 0, code_ = -1;
    std::atomic<bool> returned_ = false;
    std::thread thread_;
};

constexpr int kInterrupted = int(ExitCode::interrupted);

}  // namespace

TEST_CASE("the first signal lets what is at hand finish, the second ends at once") {
    const int number = GENERATE(SIGINT, SIGTERM);
    Lines lines;
    Watch watch(lines.log, 1h, true);
    CHECK_FALSE(watch.asked());
    send(number);
    REQUIRE(eventually([&] { return watch.firsts() == 1; }));
    CHECK(watch.asked());
    CHECK_FALSE(watch.immediate());
    CHECK(watch.code() == -1);
    CHECK(lines.count("stopping signal=" + std::to_string(number) + " grace_ms=3600000") == 1);
    send(number);
    REQUIRE(eventually([&] { return watch.returned(); }));
    CHECK(watch.code() == kInterrupted);
    CHECK(watch.firsts() == 1);
    CHECK(lines.count("stopped at once") == 1);
}

TEST_CASE("when the grace is over what is at hand is given up, and a signal still ends at once") {
    Lines lines;
    Watch watch(lines.log, 0ms, true);
    send(SIGTERM);
    REQUIRE(eventually([&] { return watch.immediate(); }));
    CHECK(lines.count("grace is over") == 1);
    CHECK(watch.code() == -1);
    send(SIGINT);
    REQUIRE(eventually([&] { return watch.returned(); }));
    CHECK(watch.code() == kInterrupted);
}

TEST_CASE("when all is done the watch ends, whatever it waits for") {
    Lines lines;
    const int signals = GENERATE(0, 1);
    Watch watch(lines.log, 1h, true);
    if (signals == 1) {
        send(SIGTERM);
        REQUIRE(eventually([&] { return watch.firsts() == 1; }));
    }
    // It may be on its way to its next wait.
    REQUIRE(eventually([&] { return watch.cancel(), watch.returned(); }));
    CHECK(watch.code() == -1);
    CHECK(watch.asked() == (signals == 1));
}

TEST_CASE(
    "a terminal that goes is an orderly stop, and however often it says so no second signal") {
    Lines lines;
    Watch watch(lines.log, 1h, true);
    send(SIGHUP);
    REQUIRE(eventually([&] { return watch.firsts() == 1; }));
    CHECK(watch.asked());
    CHECK(lines.count("stopping signal=1 ") == 1);
    send(SIGHUP);
    send(SIGHUP);
    send(SIGTERM);
    REQUIRE(eventually([&] { return watch.returned(); }));
    CHECK(watch.code() == kInterrupted);
    CHECK(watch.firsts() == 1);
    CHECK(lines.count("opened anew") == 0);
}

TEST_CASE("to a service SIGHUP says to open the log anew, before and while it stops") {
    tests::TemporaryFolder folder;
    const auto path = folder.path() / "miner.log";
    config::Log settings;
    settings.console = false;
    settings.level = "error";  // no line of its own begins the file
    auto log = config::Logger::open(settings, folder.path(), false).value();
    Watch watch(log, 1h, false);
    const auto comes_back = [&] {
        fs::remove(path);
        send(SIGHUP);
        return eventually([&] { return fs::exists(path); });
    };
    CHECK(comes_back());
    CHECK(comes_back());
    CHECK_FALSE(watch.asked());
    send(SIGTERM);
    REQUIRE(eventually([&] { return watch.firsts() == 1; }));
    CHECK(comes_back());
    CHECK_FALSE(watch.immediate());
    CHECK(watch.code() == -1);
    send(SIGTERM);
    REQUIRE(eventually([&] { return watch.returned(); }));
    CHECK(watch.code() == kInterrupted);
}

TEST_CASE("SIGHUP that was ignored from the start, as by nohup, stays ignored") {
    const auto before = std::signal(SIGHUP, SIG_IGN);
    {
        Lines lines;
        Watch watch(lines.log, 1h, true);
        send(SIGHUP);
        CHECK_FALSE(watch.asked());
        send(SIGTERM);
        REQUIRE(eventually([&] { return watch.firsts() == 1; }));
        CHECK(lines.count("stopping signal=15 ") == 1);
    }
    std::signal(SIGHUP, before);
}

TEST_CASE("a signal that came before anybody watched comes as soon as somebody does") {
    miner::keep_signals();
    send(SIGTERM);
    Lines lines;
    Watch watch(lines.log, 1h, true);
    REQUIRE(eventually([&] { return watch.firsts() == 1; }));
    CHECK(lines.count("stopping signal=15 ") == 1);
}

TEST_CASE("whoever reports to a service manager has no terminal to lose") {
    ::setenv("NOTIFY_SOCKET", "/run/none", 1);
    CHECK_FALSE(miner::is_on_terminal());
    ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("a command without anything to finish ends at the first signal") {
    const int number = GENERATE(SIGINT, SIGTERM);
    std::atomic<int> code = -1;
    const miner::Interrupt interrupt("stopped, as tested", [&](ExitCode c) { code = int(c); });
    send(number);
    CHECK(eventually([&] { return code == kInterrupted; }));
    CHECK_FALSE(interrupt.token().stop_requested());
}

TEST_CASE("a command that may finish is told of a signal that came before") {
    miner::keep_signals();
    send(SIGINT);
    std::atomic<int> code = -1;
    miner::Interrupt interrupt("stopped, as tested", [&](ExitCode c) { code = int(c); });
    CHECK_FALSE(interrupt.token().stop_requested());
    interrupt.let_finish();
    CHECK(interrupt.token().stop_requested());
    CHECK(code == -1);
}

TEST_CASE("a command that may finish is told by its token, and ends at the second signal") {
    std::atomic<int> code = -1;
    miner::Interrupt interrupt("stopped, as tested", [&](ExitCode c) { code = int(c); });
    interrupt.let_finish();
    send(SIGINT);
    REQUIRE(eventually([&] { return interrupt.token().stop_requested(); }));
    CHECK(code == -1);
    send(SIGTERM);
    CHECK(eventually([&] { return code == kInterrupted; }));
}
