#include "miner/runtime/signals.hpp"

#include "config/descriptor.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace miner {
namespace {

using asio::as_tuple;

[[noreturn]] void end_process(ExitCode code) { std::_Exit(int(code)); }

volatile std::sig_atomic_t kept = 0;

extern "C" void keep(int number) {
    if (kept != 0) ::_exit(int(ExitCode::interrupted));
    kept = number;
}

// The number of the next one; 0 when `signals` is cancelled.
asio::awaitable<int> next(asio::signal_set& signals) {
    const auto [error, number] = co_await signals.async_wait(as_tuple(asio::use_awaitable));
    co_return error ? 0 : number;
}

// Likewise, and -1 when `patience` is over first.
asio::awaitable<int> next_within(asio::signal_set& signals, asio::steady_timer& patience) {
    using namespace asio::experimental::awaitable_operators;
    const auto woken = co_await (patience.async_wait(as_tuple(asio::use_awaitable)) ||
                                 signals.async_wait(as_tuple(asio::use_awaitable)));
    if (woken.index() == 0) co_return std::get<0>(std::get<0>(woken)) ? 0 : -1;
    const auto& [error, number] = std::get<1>(woken);
    co_return error ? 0 : number;
}

}  // namespace

bool is_on_terminal() {
    if (const char* service = std::getenv("NOTIFY_SOCKET"); service && *service) return false;
    return bool(config::open_file("/dev/tty", O_RDONLY | O_NOCTTY));
}

void keep_signals() {
    struct sigaction action {};
    action.sa_handler = keep;  // without SA_RESTART: whoever reads from a terminal wakes
    for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
}

void take_signals(asio::signal_set& signals) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    struct sigaction action {};
    if (::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
        signals.add(SIGHUP);
    if (const int number = std::exchange(kept, 0)) ::raise(number);
}

asio::awaitable<void> watch_signals(asio::signal_set& signals, Stop& stop,
                                    std::chrono::milliseconds grace, config::Logger& log,
                                    SignalActions actions) {
    const auto reopen = [&] {
        log.reopen();
        log.info("log opened anew", {{"signal", SIGHUP}});
    };
    int number = co_await next(signals);
    while (number == SIGHUP && !actions.hang_up_stops) {
        reopen();
        number = co_await next(signals);
    }
    if (number == 0) co_return;
    log.info("stopping",
             {{"signal", number}, {"grace_ms", grace}, {"hint", "a second signal stops at once"}});
    actions.first();
    stop.ask();
    asio::steady_timer patience(co_await asio::this_coro::executor, grace);
    for (bool hurried = false;;) {
        number = hurried ? co_await next(signals) : co_await next_within(signals, patience);
        if (number == 0) co_return;  // all is done
        if (number == -1) {
            log.warn("grace is over", {{"hint", "the task at hand goes back to its validator"}});
            stop.now();
            hurried = true;
        } else if (number != SIGHUP) {
            break;
        } else if (!actions.hang_up_stops) {
            reopen();
        }
    }
    log.warn("stopped at once", {});
    log.flush();
    actions.end ? actions.end(ExitCode::interrupted) : end_process(ExitCode::interrupted);
}

Interrupt::Interrupt(std::string words, std::function<void(ExitCode)> end)
    : words_("\nminer: " + std::move(words) + "\n"), end_(end ? std::move(end) : end_process) {
    listen();
    thread_ = std::thread([this] { io_.run(); });
}

Interrupt::~Interrupt() {
    asio::post(io_, [this] { signals_.cancel(); });
    thread_.join();
}

void Interrupt::let_finish() {
    finishes_ = true;
    if (std::exchange(kept, 0) != 0) source_.request_stop();
}

void Interrupt::listen() {
    signals_.async_wait([this](boost::system::error_code error, int) {
        if (error) return;
        if (finishes_ && !source_.stop_requested()) {
            source_.request_stop();
            return listen();
        }
        [[maybe_unused]] const auto said = ::write(STDERR_FILENO, words_.data(), words_.size());
        end_(ExitCode::interrupted);
    });
}

}  // namespace miner
