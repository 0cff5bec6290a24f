// What SIGINT, SIGTERM and SIGHUP do.
#pragma once

#include "config/log.hpp"
#include "miner/runtime/exit_code.hpp"
#include "miner/runtime/stop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace miner {

// True when the process has a terminal and no service manager that it reports to. Then SIGHUP says
// that the terminal went; otherwise, by custom, that the log is to be opened anew.
bool is_on_terminal();

// For the time until take_signals() or an Interrupt: the first SIGINT or SIGTERM is kept for it, a
// second ends the process at once with ExitCode::interrupted.
void keep_signals();

// SIGINT, SIGTERM and SIGHUP; the last not where it was ignored from the start, as nohup does it.
// What was kept comes at once.
void take_signals(asio::signal_set& signals);

struct SignalActions {
    std::function<void()> first;  // stopping begins
    bool hang_up_stops = is_on_terminal();
    std::function<void(ExitCode)> end = {};  // the process, at once; empty: std::_Exit
};

// First signal: `first` is called, and what is at hand may finish within the grace period. Second:
// the process ends at once with ExitCode::interrupted; the journal survives that. SIGHUP is never
// the second: a terminal that goes may send several. Returns when `signals` is cancelled.
asio::awaitable<void> watch_signals(asio::signal_set& signals, Stop& stop,
                                    std::chrono::milliseconds grace, config::Logger& log,
                                    SignalActions actions);

// SIGINT and SIGTERM for a command that works on its caller's thread: as long as there is nothing
// to finish, the first ends the process with ExitCode::interrupted, after `words` on standard
// error. Once it was told to let_finish(), the first fires token(), one that was kept at once, and
// the second ends. The token fires on a thread of its own: io takes a StopOnIo of it.
class Interrupt {
public:
    explicit Interrupt(std::string words, std::function<void(ExitCode)> end = {});
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    void let_finish();
    std::stop_token token() const { return source_.get_token(); }

private:
    void listen();

    const std::string words_;
    const std::function<void(ExitCode)> end_;
    std::atomic<bool> finishes_ = false;
    std::stop_source source_;
    asio::io_context io_{1};
    asio::signal_set signals_{io_, SIGINT, SIGTERM};
    std::thread thread_;
};

}  // namespace miner
