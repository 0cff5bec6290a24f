// A terminal as one screen: what is shown stays in its place, and whatever ends the program leaves
// the terminal as it was. One at a time in a process; for the thread that opened it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace miner {

struct ScreenSize {
    int columns = 80, rows = 24;
};

// Whether standard output is a terminal that can be drawn upon: not a pipe, not TERM=dumb.
bool is_screen();

// Of the terminal on standard output, or on another descriptor; the usual 80 x 24 where it does not
// say.
ScreenSize screen_size();
ScreenSize screen_size(int descriptor);

// What somebody typed, as far as a screen cares.
enum class Key { none, quit, up, down, page_up, page_down, first, last };

// The next key of `typed`, which loses what was read. None when nothing is left, or when the rest
// is the beginning of a sequence; what means nothing here is passed over.
Key take_key(std::string& typed);

// A line in at most `columns` columns. Colours (ESC [ ... m) take none and are ended at the cut;
// any other control character is left out.
std::string cut_line(std::string_view line, int columns);

class Screen {
public:
    // Null where there is none to be had. The alternate screen without a cursor or line breaks of
    // its own, keys without echo; SIGINT, SIGTERM, SIGHUP and SIGQUIT end wait() instead of the
    // process, SIGTSTP stops it with the terminal as it was.
    static std::unique_ptr<Screen> open();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    enum class Event { nothing, key, resized, news, end };

    // Until something happens. `key`, if that is what it was.
    Event wait(std::chrono::milliseconds limit, Key& key);

    // Any thread: wait() returns `news`.
    void wake();

    // From its first line on, with `bar` at the bottom; what does not fit is cut off. False when
    // the terminal is gone.
    bool draw(std::string_view text, int first_line, const std::string& bar);

private:
    Screen();
    Event take_signal(int number);

    int keys_ = -1;
    std::string typed_;
};

}  // namespace miner
