#include "miner/rehearsal/progress.hpp"

#include "config/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace miner {
namespace {

constexpr std::size_t kNameColumns = 34;

// A name that would push the columns aside loses its end. Every byte is taken for a column, and a
// character is never cut in two: names are file names and prompts of the person's own.
std::string fitted(const std::string& raw) {
    const auto name = config::printable(raw);
    if (name.size() <= kNameColumns) return name;
    std::size_t end = kNameColumns - 3;
    while (end > 0 && (std::uint8_t(name[end]) & 0xC0) == 0x80) --end;
    return name.substr(0, end) + "...";
}

}  // namespace

std::string_view words(storage::Outcome outcome) {
    using enum storage::Outcome;
    switch (outcome) {
        case none:
            return "nothing";
        case passed:
            return "passed";
        case retry_passed:
            return "retry passed";
        case retry_improved:
            return "retry improved";
        case rejected:
            return "rejected";
        case skipped:
            return "skipped";
        case error:
            return "error";
    }
    return "unknown";
}

Progress::Progress(std::ostream& out, bool terminal, int tasks,
                   std::map<std::string, std::string> names)
    : out_(out), terminal_(terminal), tasks_(tasks), names_(std::move(names)) {}

void Progress::stage(const std::string& task_id, std::string_view stage) {
    if (terminal_) redraw(fmt::format("{}: {}", fitted(names_[task_id]), stage));
}

void Progress::turn(const Turn& turn) {
    if (turn.end != Turn::End::answered) return;
    ++done_;
    if (terminal_) out_ << "\r\033[K";
    const auto work =
        turn.attempts == 0
            ? std::string("made before, sent again")
            : fmt::format("{:>8} Gaussians  {} attempt{}  {:>5.1f} s", turn.gaussians,
                          turn.attempts, turn.attempts == 1 ? " " : "s", turn.milliseconds / 1000);
    const auto answer = turn.bytes == 0  ? std::string("empty result")
                        : turn.score < 0 ? std::string("no feedback")
                                         : fmt::format("score {:.2f}", turn.score);
    out_ << fmt::format("{:>3}/{}  {:<{}} {:<14} {:<39}  {}\n", done_, tasks_,
                        fitted(names_[turn.task_id]), kNameColumns, words(turn.outcome), work,
                        answer);
    if (terminal_) redraw("waiting for the next task");
    out_.flush();
}

void Progress::finish() {
    if (terminal_) out_ << "\r\033[K";
    out_.flush();
}

void Progress::redraw(const std::string& status) {
    constexpr int kWidth = 24;
    const int filled = tasks_ > 0 ? std::min(kWidth, kWidth * done_ / tasks_) : 0;
    out_ << fmt::format("\r\033[K[{}{}] {}/{}  {}", std::string(filled, '#'),
                        std::string(kWidth - filled, '.'), done_, tasks_, status);
    out_.flush();
}

}  // namespace miner
