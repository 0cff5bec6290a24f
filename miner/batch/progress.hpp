// How a batch goes, as its user sees it: on a terminal a line for each input with a bar below that
// is redrawn in place, elsewhere the lines alone. Any thread may say something.
#pragma once

#include "miner/batch/manifest.hpp"

#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>

namespace miner {

// "4.2/s", "12.5/min", "3.1/h".
std::string rate_words(double per_second);
// "50 s", "6 min 50 s", "2 h 5 min", "3 d 4 h".
std::string span_words(double seconds);

class BatchProgress {
public:
    struct Options {
        std::ostream& out;
        std::ostream& err;                // of complaints
        std::function<int()> columns;     // of the terminal, before each redrawing; empty: none
        std::function<double()> clock;    // seconds, from any moment on
        std::size_t all = 0, before = 0;  // inputs, and those that are decided already
    };

    explicit BatchProgress(Options options);

    // What is being done just now; with a terminal alone.
    void at_work(std::string_view input, std::string_view stage);
    // An input was decided, or failed: one more.
    void ended(const ManifestLine& line);
    // A complaint about something else.
    void complain(std::string_view words);
    // Words that stand alone; with a terminal above the bar.
    void say(std::string_view words);
    // The bar goes.
    void finish();

private:
    void clear();
    void redraw();
    std::string status() const;

    const Options options_;
    const double begin_;
    std::mutex mutex_;
    std::size_t ended_ = 0;  // this time
    std::string at_work_;
};

}  // namespace miner
