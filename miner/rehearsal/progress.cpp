#include "miner/rehearsal/progress.hpp"

#include "config/escape.hpp"
#include "miner/report/words.hpp"
#include "miner/terminal/screen.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {
namespace {

constexpr std::size_t kNameColumns = 34;
constexpr std::size_t kErrorColumns = 60;

// In just so many columns: names are file names and prompts of the person's own, in any writing.
std::string fitted(const std::string& name) {
    auto text = config::shortened(config::printable(name), kNameColumns);
    text.append(kNameColumns - std::min(kNameColumns, config::columns(text)), ' ');
    return text;
}

// What became of the submission.
std::string answer_of(const Turn& turn, bool density_alone) {
    switch (turn.end) {
        case Turn::End::answered:
            if (turn.bytes == 0) return "empty result";
            return turn.score < 0 ? "not scored" : score_words(turn.score, density_alone);
        case Turn::End::unanswered:
            return "no answer: the next pull tells";
        case Turn::End::stopped:
            return "stopped: back to its validator";
        case Turn::End::failed:
            return "failed: see the log";
        case Turn::End::no_task:
        case Turn::End::unreached:
            break;
    }
    return "";
}

}  // namespace

Progress::Progress(std::ostream& out, std::function<int()> columns,
                   std::map<std::string, Name> names)
    : out_(out), columns_(std::move(columns)), names_(std::move(names)) {}

int Progress::number_of(const std::string& task_id) {
    return numbers_.try_emplace(task_id, int(numbers_.size()) + 1).first->second;
}

std::string Progress::name_of(const std::string& task_id) const {
    const auto found = names_.find(task_id);
    return found == names_.end() ? task_id : found->second.text;
}

void Progress::line(const std::string& number, const std::string& name, std::string_view outcome,
                    const std::string& work, const std::string& answer) {
    if (columns_) out_ << "\r\033[K";
    const auto line = fmt::format("{:>3}/{}  {} {:<14} {:<39}  {}", number, names_.size(),
                                  fitted(name), outcome, work, answer);
    out_ << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
}

void Progress::stage(const std::string& task_id, std::string_view stage) {
    if (!columns_) return;
    const auto name = config::shortened(config::printable(name_of(task_id)), kNameColumns);
    redraw(fmt::format("{}: {}", name, stage));
}

void Progress::pulled(const Pulled& pulled) {
    if (pulled.reached) return;
    line("-", pulled.validator, "not reached",
         config::shortened(config::printable(pulled.error), kErrorColumns), "");
    out_.flush();
}

void Progress::turn(const Turn& turn) {
    if (turn.task_id.empty()) return;
    const auto found = names_.find(turn.task_id);
    const bool density_alone =
        found != names_.end() && found->second.judged_by == JudgedBy::density;
    const bool decided = turn.outcome != storage::Outcome::none;
    const auto work =
        turn.attempts > 0
            ? fmt::format("{:>8} Gaussians  {} attempt{}  {:>5.1f} s", turn.gaussians,
                          turn.attempts, turn.attempts == 1 ? " " : "s", turn.milliseconds / 1000)
        : turn.bytes > 0 ? std::string("made before, sent again")
                         : std::string();
    line(std::to_string(number_of(turn.task_id)), name_of(turn.task_id),
         decided ? words(turn.outcome) : "handed back", work, answer_of(turn, density_alone));
    redraw("waiting for the next task");
    out_.flush();
}

void Progress::finish() {
    for (const auto& [id, name] : names_)
        if (numbers_.count(id) == 0) line("-", name.text, "not done", "", "");
    if (columns_) out_ << "\r\033[K";
    out_.flush();
}

void Progress::redraw(const std::string& status) {
    if (!columns_) return;
    constexpr std::size_t kWidth = 24;
    const auto done = numbers_.size(), tasks = names_.size();
    const auto filled = tasks > 0 ? std::min(kWidth, kWidth * done / tasks) : 0;
    const auto line = fmt::format("[{}{}] {}/{}  {}", std::string(filled, '#'),
                                  std::string(kWidth - filled, '.'), done, tasks, status);
    // A line that wraps could not be taken back.
    out_ << "\r\033[K" << cut_line(line, std::max(columns_() - 1, 1));
    out_.flush();
}

}  // namespace miner
