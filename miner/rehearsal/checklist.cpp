#include "miner/rehearsal/checklist.hpp"

#include "config/escape.hpp"

#include <fmt/format.h>

namespace miner {
namespace {

using State = Check::State;

// Fewer that did not help prove nothing.
constexpr std::int64_t kFewRetries = 3;

State ok_if(bool fine) { return fine ? State::ok : State::fail; }

std::string errors_found(const Evidence& evidence) {
    constexpr std::size_t kColumns = 300;
    auto text = fmt::format("{}", evidence.counts.errors);
    if (evidence.logged_errors == 0) return text;
    return fmt::format("{} generations failed; {} errors in the log, the first: {}", text,
                       evidence.logged_errors,
                       config::shortened(config::printable(evidence.first_error), kColumns));
}

}  // namespace

Checklist evaluate(const Evidence& evidence) {
    const auto& c = evidence.counts;
    Checklist list;
    const auto add = [&](State state, std::string what, std::string found) {
        list.checks.push_back({state, std::move(what), std::move(found)});
    };
    add(ok_if(!evidence.stopped && evidence.answered >= evidence.asked), "every task was answered",
        fmt::format("{} of {}{}", evidence.answered, evidence.asked,
                    evidence.stopped ? ", stopped early" : ""));
    add(ok_if(c.generations > 0 && c.success_rate() > kLeastSuccessRate),
        fmt::format("success rate over {:.0f} %", 100 * kLeastSuccessRate),
        c.generations > 0
            ? fmt::format("{:.1f} % of {} generations", 100 * *c.success_rate(), c.generations)
            : "no generations");
    add(c.retries > 0 ? State::ok : State::note, "a retry happened",
        c.retries > 0 ? fmt::format("{}", c.retries)
                      : "not seen: every first attempt was dense; more tasks may show one");
    const auto helped = c.retry_passed + c.retry_improved;
    add(c.retries == 0                            ? State::note
        : helped == 0 && c.retries >= kFewRetries ? State::fail
        : c.retry_passed == 0                     ? State::note
                                                  : State::ok,
        "retries succeeded",
        c.retries == 0 ? "not seen"
                       : fmt::format("{} of {} reached the gate, {} more improved", c.retry_passed,
                                     c.retries, c.retry_improved));
    add(ok_if(c.errors == 0 && evidence.logged_errors == 0), "no errors", errors_found(evidence));
    add(ok_if(evidence.protocol_faults == 0), "every signature and nonce was accepted",
        fmt::format("{} refused", evidence.protocol_faults));
    add(ok_if(evidence.violations == 0), "no pull came during a cool-down",
        fmt::format("{} times", evidence.violations));
    add(ok_if(evidence.without_effect == 0), "nothing was submitted twice",
        fmt::format("{} submissions without effect", evidence.without_effect));
    const double zeros = c.submissions > 0 ? double(c.zero_scores) / double(c.submissions) : 0;
    add(ok_if(c.submissions > 0 && zeros <= kMostZeroScores),
        fmt::format("zero scores at most {:.0f} %", 100 * kMostZeroScores),
        c.submissions > 0 ? fmt::format("{:.1f} % of {} submissions", 100 * zeros, c.submissions)
                          : "no submissions");
    list.go = true;
    for (const auto& check : list.checks) list.go = list.go && check.state != State::fail;
    return list;
}

std::string render(const Checklist& checklist, bool colour) {
    const auto paint = [&](std::string_view text, int code) {
        return colour ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
    };
    std::string text = "Checklist before mainnet\n";
    for (const auto& check : checklist.checks) {
        const auto mark = check.state == State::ok     ? paint("ok  ", 32)
                          : check.state == State::note ? paint("note", 33)
                                                       : paint("FAIL", 31);
        text += fmt::format("  {}  {:<40} {}\n", mark, check.what, check.found);
    }
    text += fmt::format("\nVerdict: {}\n", checklist.go ? paint("GO", 32) : paint("NO-GO", 31));
    return text;
}

}  // namespace miner
