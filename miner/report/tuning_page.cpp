// What tune() found, for people and for programs.
#include "config/escape.hpp"
#include "miner/report/text_page.hpp"
#include "miner/report/tuning_rules.hpp"
#include "miner/report/words.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace miner {
namespace {

namespace json = boost::json;
using Verdict = Advice::Verdict;

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

void print_head(TextPage& page, const Tuning& tuning) {
    if (tuning.tasks == 0) {
        page.paragraph(
            "No task was decided yet; with a span of time or a hotkey given, there may "
            "be some outside of it.");
        return;
    }
    page.paragraph(fmt::format("{} tasks, {} to {} UTC", grouped(tuning.tasks),
                               minute_utc(*tuning.first), minute_utc(*tuning.newest)),
                   kFaint);
    page.paragraph(fmt::format(
        "Accepted: {} of the results that were judged. Beside each share stands the interval in "
        "which 95 % of such samples have the truth.",
        share_words(tuning.accepted)));
    if (tuning.accepted.whole > 0)
        page.paragraph(
            fmt::format("A result is worth sending from a chance of {} on: a refused "
                        "one costs two turns more, the empty one none.",
                        percent(tuning.worth)));
}

void print_evidence(TextPage& page, const Advice& advice) {
    if (advice.evidence.empty()) return;
    std::vector<TextPage::Row> rows{
        {{"", kFaint}, {advice.counted, kFaint}, {"of", kFaint}, {"share", kFaint}, {"", kFaint}}};
    for (const auto& [what, share] : advice.evidence) {
        const auto interval = wilson(share);
        rows.push_back(
            {{"  " + what},
             {grouped(share.part)},
             {grouped(share.whole)},
             {share.whole > 0 ? percent(share.value()) : "-"},
             {fmt::format("{:.1f} to {:.1f} %", 100 * interval.low, 100 * interval.high)}});
    }
    page.table({{}, {}, {}, {.leaves = 2}, {.leaves = 1}}, rows);
}

void print_advice(TextPage& page, const Advice& advice) {
    const bool change = advice.verdict == Verdict::change;
    page.heading(advice.setting);
    if (change)
        page.paragraph(advice.present + " -> " + advice.proposed, kGreen, 2);
    else
        page.paragraph(
            advice.present +
                (advice.verdict == Verdict::keep ? " stays" : " stays: too little is known"),
            kFaint, 2);
    page.paragraph(advice.why, {}, 2);
    print_evidence(page, advice);
    if (!advice.effect.empty()) page.paragraph("Over these tasks: " + advice.effect, {}, 2);
}

// "enhance" of "enhance.extreme".
std::string group_of(const Advice& advice) {
    return advice.setting.substr(0, advice.setting.find('.'));
}
std::string key_of(const Advice& advice) {
    return advice.setting.substr(advice.setting.find('.') + 1);
}

// ["a", "b"] as a,b: a flag's list; "a" as a. Operations hold neither commas nor blanks.
std::string flag_value(const std::string& value) {
    std::string text;
    for (const char c : value)
        if (c != '[' && c != ']' && c != '"' && c != ' ') text += c;
    return text.empty() ? "''" : text;
}

json::object share_json(const Share& share) {
    const auto interval = wilson(share);
    json::object object{{"part", share.part}, {"of", share.whole}};
    object["share"] = share.whole > 0 ? json::value(share.value()) : json::value(nullptr);
    object["low"] = interval.low;
    object["high"] = interval.high;
    return object;
}

json::object advice_json(const Advice& advice) {
    json::array evidence;
    for (const auto& [what, share] : advice.evidence) {
        auto row = share_json(share);
        row["what"] = what;
        evidence.push_back(std::move(row));
    }
    const auto or_null = [](const std::string& text) {
        return text.empty() ? json::value(nullptr) : json::value(text);
    };
    return {{"setting", advice.setting},
            {"verdict", name(advice.verdict)},
            {"present", advice.present},
            {"proposed", or_null(advice.proposed)},
            {"why", advice.why},
            {"effect", or_null(advice.effect)},
            {"counted", or_null(advice.counted)},
            {"evidence", std::move(evidence)}};
}

}  // namespace

std::string_view name(Verdict verdict) {
    switch (verdict) {
        case Verdict::change:
            return "change";
        case Verdict::keep:
            return "keep";
        case Verdict::not_enough:
            return "not_enough";
    }
    return "not_enough";
}

std::string as_flags(const Tuning& tuning) {
    std::string flags;
    for (const auto& advice : tuning.advice) {
        if (advice.verdict != Verdict::change) continue;
        if (!flags.empty()) flags += ' ';
        flags += "--" + advice.setting + ' ' + flag_value(advice.proposed);
    }
    return flags;
}

std::string as_toml(const Tuning& tuning) {
    std::string lines, group;
    for (const auto& advice : tuning.advice) {
        if (advice.verdict != Verdict::change) continue;
        if (group != group_of(advice)) {
            group = group_of(advice);
            lines += "[" + group + "]\n";
        }
        lines += key_of(advice) + " = " + advice.proposed + "\n";
    }
    return lines;
}

std::string render_tuning(const Tuning& tuning, const TableOptions& options) {
    TextPage page(options.colour, options.width);
    print_head(page, tuning);
    if (!options.scores_note.empty()) page.paragraph(options.scores_note, kFaint);
    for (const auto& advice : tuning.advice) print_advice(page, advice);
    page.blank();
    auto text = page.text();
    if (!tuning.proposes()) return text + "Nothing is proposed, and nothing was changed.\n";
    // As they are, to be copied, however narrow the terminal is.
    return text + "Nothing was changed. To do so, add to the flags:\n\n    " + as_flags(tuning) +
           "\n\nor to the settings file:\n\n" + as_toml(tuning);
}

std::string render_tuning_json(const Tuning& tuning) {
    json::array advice;
    for (const auto& each : tuning.advice) advice.push_back(advice_json(each));
    const auto moment = [](const std::optional<storage::Milliseconds>& at) {
        return at ? json::value(*at) : json::value(nullptr);
    };
    const json::object object{
        {"tasks", tuning.tasks},           {"first", moment(tuning.first)},
        {"newest", moment(tuning.newest)}, {"accepted", share_json(tuning.accepted)},
        {"worth_sending", tuning.worth},   {"advice", std::move(advice)},
        {"flags", as_flags(tuning)},       {"toml", as_toml(tuning)}};
    return config::json_text(json::serialize(object));
}

}  // namespace miner
