#include "miner/batch/progress.hpp"

#include "config/escape.hpp"
#include "config/veil.hpp"
#include "miner/report/words.hpp"
#include "miner/terminal/screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace miner {
namespace {

constexpr std::size_t kNameColumns = 34;

std::string shown(std::string_view name) {
    return config::shortened(config::printable(name), kNameColumns);
}

std::string outcome_words(std::string outcome) {
    std::replace(outcome.begin(), outcome.end(), '_', ' ');
    return outcome;
}

std::string line_words(const ManifestLine& line, const std::string& number) {
    auto name = shown(line.input);
    name.append(kNameColumns - std::min(kNameColumns, config::columns(name)), ' ');
    auto text = fmt::format("{}  {} {:<14}", number, name, outcome_words(line.outcome));
    if (line.has_result()) text += fmt::format(" {:>9} Gaussians", line.gaussians);
    if (line.attempts > 0)
        text += fmt::format("  {} attempt{}", line.attempts, line.attempts == 1 ? " " : "s");
    text += fmt::format("  {:>6.1f} s", double(line.milliseconds) / 1000);
    if (line.score) text += "  " + score_words(*line.score, false);
    return text;
}

}  // namespace

std::string rate_words(double per_second) {
    if (per_second >= 1) return fmt::format("{:.1f}/s", per_second);
    if (per_second * 60 >= 1) return fmt::format("{:.1f}/min", per_second * 60);
    return fmt::format("{:.1f}/h", per_second * 3600);
}

std::string span_words(double seconds) {
    const auto whole = std::llround(std::clamp(seconds, 0.0, 1e9));
    const auto two = [](long long many, const char* large, long long few, const char* small) {
        return few == 0 ? fmt::format("{} {}", many, large)
                        : fmt::format("{} {} {} {}", many, large, few, small);
    };
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
    const auto minutes = whole / 60;
    if (minutes < 24 * 60) return two(minutes / 60, "h", minutes % 60, "min");
    return two(minutes / 60 / 24, "d", minutes / 60 % 24, "h");
}

BatchProgress::BatchProgress(Options options)
    : options_(std::move(options)), begin_(options_.clock()) {}

void BatchProgress::at_work(std::string_view input, std::string_view stage) {
    const std::lock_guard lock(mutex_);
    at_work_ = fmt::format("{}: {}", shown(input), stage);
    redraw();
}

void BatchProgress::ended(const ManifestLine& line) {
    const std::lock_guard lock(mutex_);
    ++ended_;
    clear();
    const auto all = std::to_string(options_.all);
    const auto number = fmt::format("{:>{}}/{}", options_.before + ended_, all.size(), all);
    if (line.error.empty())
        options_.out << line_words(line, number) << '\n';
    else
        options_.err << fmt::format("miner: {}: {}\n", config::printable(line.input),
                                    config::printable(config::veiled(line.error)));
    options_.out.flush();
    options_.err.flush();
    redraw();
}

void BatchProgress::complain(std::string_view words) {
    const std::lock_guard lock(mutex_);
    clear();
    options_.out.flush();
    options_.err << "miner: " << config::printable(config::veiled(words)) << '\n';
    options_.err.flush();
    redraw();
}

void BatchProgress::say(std::string_view words) {
    const std::lock_guard lock(mutex_);
    clear();
    options_.out << words << '\n';
    options_.out.flush();
    redraw();
}

void BatchProgress::finish() {
    const std::lock_guard lock(mutex_);
    clear();
    at_work_.clear();
    options_.out.flush();
}

void BatchProgress::clear() {
    if (options_.columns) options_.out << "\r\033[K";
}

std::string BatchProgress::status() const {
    constexpr std::size_t kWidth = 24;
    const auto done = options_.before + ended_;
    const auto filled = options_.all > 0 ? std::min(kWidth, kWidth * done / options_.all) : 0;
    auto text = fmt::format("[{}{}] {}/{}", std::string(filled, '#'),
                            std::string(kWidth - filled, '.'), done, options_.all);
    // What was there already says nothing of how fast this goes.
    const double seconds = options_.clock() - begin_;
    if (ended_ > 0 && seconds > 0) {
        const double rate = double(ended_) / seconds;
        text += "  " + rate_words(rate);
        if (done < options_.all)
            text += fmt::format(", {} left", span_words(double(options_.all - done) / rate));
    }
    return text + "  " + at_work_;
}

void BatchProgress::redraw() {
    if (!options_.columns || at_work_.empty()) return;
    // A line that wraps could not be taken back.
    options_.out << "\r\033[K" << cut_line(status(), std::max(options_.columns() - 1, 1));
    options_.out.flush();
}

}  // namespace miner
