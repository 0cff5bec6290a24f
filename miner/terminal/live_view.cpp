#include "miner/terminal/live_view.hpp"

#include "config/escape.hpp"
#include "miner/report/complaint.hpp"
#include "miner/terminal/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace miner {
namespace {

// Gathers on a thread of its own, so that keys are answered while a slow disk or a silent miner is
// waited for.
class Gatherer {
public:
    Gatherer(const LiveView& view, Frame first, std::function<void()> tell)
        : view_(view),
          tell_(std::move(tell)),
          frame_(std::move(first)),
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

    std::pair<Frame, std::string> newest() {
        const std::lock_guard lock(mutex_);
        return {frame_, error_};
    }

    // No more is told from here on.
    void silence() {
        thread_.request_stop();
        const std::lock_guard lock(mutex_);
        tell_ = nullptr;
    }

private:
    void run(const std::stop_token& stop) {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        std::unique_lock lock(mutex_);
        for (;;) {
            woken_.wait_for(lock, stop, view_.every, [] { return false; });
            if (stop.stop_requested()) return;
            lock.unlock();
            auto frame = view_.gather();
            lock.lock();
            error_ = frame ? "" : frame.error().message();
            if (frame) frame_ = std::move(*frame);
            if (tell_) tell_();
        }
    }

    const LiveView& view_;
    std::function<void()> tell_;
    std::mutex mutex_;
    std::condition_variable_any woken_;
    Frame frame_;
    std::string error_;
    std::jthread thread_;  // last, so that it ends first
};

int lines_of(const std::string& text) { return int(std::count(text.begin(), text.end(), '\n')); }

std::string bar_of(int first, int body, int lines, const std::string& error) {
    if (!error.empty())
        return fmt::format(" q quits | not read anew: {}", config::printable(error));
    if (lines <= body) return " q quits";
    return fmt::format(" q quits | arrows scroll | {}-{} of {} lines", first + 1,
                       std::min(lines, first + body), lines);
}

// What is seen of a text, and moving about in it.
struct Window {
    int first = 0;  // line

    void move(Key key, int body, int lines) {
        const int page = std::max(body - 1, 1);
        if (key == Key::up) --first;
        if (key == Key::down) ++first;
        if (key == Key::page_up) first -= page;
        if (key == Key::page_down) first += page;
        if (key == Key::first) first = 0;
        if (key == Key::last) first = lines;
        first = std::clamp(first, 0, std::max(lines - body, 0));
    }
};

void watch(Screen& screen, Gatherer& gatherer) {
    Window window;
    Key key = Key::none;
    for (;;) {
        const auto [frame, error] = gatherer.newest();
        const auto size = screen_size();
        const auto text = frame({.colour = true, .width = size.columns, .compact = true});
        const int body = std::max(size.rows - 1, 0), lines = lines_of(text);
        window.move(key, body, lines);
        if (!screen.draw(text, window.first, bar_of(window.first, body, lines, error))) return;
        auto event = Screen::Event::nothing;
        while (event == Screen::Event::nothing) event = screen.wait(std::chrono::hours(1), key);
        if (event == Screen::Event::end || key == Key::quit) return;
    }
}

}  // namespace

TableOptions terminal_options() {
    if (!is_screen()) return {};
    return {.colour = true, .width = screen_size().columns};
}

ExitCode print_once(const LiveView& view) {
    const auto frame = view.gather();
    if (!frame) {
        complain(view.what, frame.error());
        return ExitCode::storage;
    }
    std::fputs((*frame)(terminal_options()).c_str(), stdout);
    std::fflush(stdout);
    return ExitCode::ok;
}

ExitCode show_live(const LiveView& view) {
    if (is_screen()) {
        auto first = view.gather();
        if (!first) {
            complain(view.what, first.error());
            return ExitCode::storage;
        }
        if (auto screen = Screen::open()) {
            Gatherer gatherer(view, std::move(*first), [&screen] { screen->wake(); });
            watch(*screen, gatherer);
            gatherer.silence();
            screen.reset();  // the terminal is given back before a slow answer is waited for
            return ExitCode::ok;
        }
    }
    auto code = print_once(view);
    while (view.repeats && code == ExitCode::ok && std::ferror(stdout) == 0) {
        std::this_thread::sleep_for(view.every);
        std::fputs("\n", stdout);
        code = print_once(view);
    }
    return code;
}

}  // namespace miner
