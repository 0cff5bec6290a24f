#include "miner/report/stats.hpp"

#include "config/escape.hpp"
#include "miner/report/text_page.hpp"
#include "miner/report/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace miner {
namespace {

using storage::Counts;
using storage::Milliseconds;

// What operators aim for before they go to mainnet, and what is still worth mending.
constexpr double kGood = 0.7;
constexpr double kPoor = 0.5;

std::string fixed(double value, int decimals) {
    std::array<char, 400> text;
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

// 100.0 % means all of them.
std::string percent(double share) {
    const double rounded = std::round(share * 1000) / 10;
    return fixed(share < 1 ? std::min(rounded, 99.9) : rounded, 1) + " %";
}

// "850 ms", "12.3 s", "4.2 min", "3.1 h".
std::string duration(double milliseconds) {
    if (milliseconds < 9.95) return fixed(milliseconds, 1) + " ms";
    if (milliseconds < 999.5) return fixed(milliseconds, 0) + " ms";
    if (milliseconds < 119'950) return fixed(milliseconds / 1e3, 1) + " s";
    if (milliseconds < 119.95 * 60e3) return fixed(milliseconds / 60e3, 1) + " min";
    return fixed(milliseconds / 3600e3, 1) + " h";
}

using Cell = TextPage::Cell;
using Row = TextPage::Row;
using Column = TextPage::Column;

std::string_view style_of(double success_rate) {
    if (success_rate >= kGood) return kGreen;
    return success_rate >= kPoor ? kYellow : kRed;
}

void success_line(TextPage& page, const Counts& counts) {
    const double rate = counts.success_rate().value_or(0);
    const auto number = percent(rate);
    const auto basis = "(" + grouped(counts.passed_at_once + counts.retry_passed) + " of " +
                       grouped(counts.generations) + " reached the gate)";
    const std::string_view label = "Success rate";
    const auto painted = page.painted(kBold, std::string(label)) + "  " +
                         page.painted(kBold, page.painted(style_of(rate), number));
    const auto columns = label.size() + 2 + number.size();
    if (columns + 2 + basis.size() <= page.width()) {
        page.line(painted + "  " + basis, columns + 2 + basis.size());
    } else {
        page.line(painted, columns);
        page.paragraph(basis);
    }
}

// A label, a number, and what share of something that is.
class Block {
public:
    void count(std::string label, std::int64_t part, std::int64_t whole,
               std::string_view style = {}) {
        rows_.push_back({{std::move(label)},
                         {grouped(part), part == 0 ? std::string_view() : style},
                         {whole > 0 ? percent(double(part) / double(whole)) : ""}});
    }
    void value(std::string label, std::string value) {
        rows_.push_back({{std::move(label)}, {std::move(value)}, {}});
    }
    void print(TextPage& page, const char* title, bool compact) const {
        page.heading(title);
        const auto wide = [compact](std::size_t columns) { return compact ? 0 : columns; };
        page.table({{.leaves = 0, .preferred = wide(24)},
                    {.leaves = 0, .preferred = wide(10)},
                    {.leaves = 1, .preferred = wide(8)}},
                   rows_);
    }

private:
    std::vector<Row> rows_;
};

Block generations(const Counts& counts) {
    const auto all = counts.generations;
    Block block;
    block.count("all", all, 0);
    block.count("passed at once", counts.passed_at_once, all, kGreen);
    block.count("sparse at first", counts.sparse_first, all);
    block.count("retries", counts.retries, 0);
    if (counts.candidates) block.count("candidates", counts.candidates, 0);
    block.count("retry passed", counts.retry_passed, all, kGreen);
    block.count("improved, still sparse", counts.retry_improved, all, kYellow);
    block.count("rejected", counts.rejected, all, kYellow);
    if (counts.withheld) block.count("withheld of these", counts.withheld, all, kYellow);
    block.count("errors", counts.errors, all, kRed);
    if (counts.skipped) block.count("skipped, not counted", counts.skipped, 0);
    return block;
}

std::string score_text(const std::optional<double>& score) {
    return score ? fixed(*score, 3) : "-";
}

// "75,612.5"
std::string reward_text(const std::optional<double>& reward) {
    if (!reward) return "-";
    const auto tenths = std::llround(std::clamp(*reward, 0.0, 1e15) * 10);
    return grouped(tenths / 10) + "." + std::to_string(tenths % 10);
}

Block submissions(const Counts& counts) {
    const auto all = counts.submissions;
    Block block;
    block.count("with a result", all, 0);
    block.count("accepted", counts.accepted, all, kGreen);
    block.count("score zero", counts.zero_scores, all, kRed);
    if (counts.not_scored) block.count("not scored", counts.not_scored, all, kYellow);
    if (counts.mean_score) {
        block.value("mean score", score_text(counts.mean_score));
        block.value("median score", score_text(counts.median_score));
    }
    block.value("reward as reported", reward_text(counts.reward));
    return block;
}

void blocks(TextPage& page, const Counts& counts, bool compact) {
    constexpr std::size_t kLeast = 32;  // columns of the second
    TextPage left = page.part(page.width());
    generations(counts).print(left, "Generations", compact);
    const auto taken = left.columns() + TextPage::kBetween;
    if (compact && page.width() >= taken + kLeast) {
        TextPage right = page.part(page.width() - taken);
        submissions(counts).print(right, "Submissions", true);
        page.blank();
        page.beside(left, right);
        return;
    }
    generations(counts).print(page, "Generations", compact);
    submissions(counts).print(page, "Submissions", compact);
}

void groups(TextPage& page, const char* title, const char* first_column,
            const std::vector<storage::Group>& groups) {
    if (groups.empty()) return;
    page.heading(title);
    std::vector<Row> rows{{{first_column, kFaint},
                           {"made", kFaint},
                           {"success", kFaint},
                           {"sent", kFaint},
                           {"accepted", kFaint},
                           {"zero", kFaint},
                           {"mean", kFaint},
                           {"median", kFaint}}};
    for (const auto& [name, counts] : groups) {
        const auto rate = counts.success_rate();
        rows.push_back({{config::printable(name)},
                        {grouped(counts.generations)},
                        {rate ? percent(*rate) : "-"},
                        {grouped(counts.submissions)},
                        {grouped(counts.accepted)},
                        {grouped(counts.zero_scores)},
                        {score_text(counts.mean_score)},
                        {score_text(counts.median_score)}});
    }
    page.table({{},
                {.leaves = 2},
                {},
                {.leaves = 4},
                {.leaves = 3},
                {.leaves = 5},
                {.leaves = 1},
                {.leaves = 6}},
               rows);
}

// Whether it is the device's time that a stage takes, and not the processor's beside it.
bool runs_on_device(std::string_view stage) {
    return stage == "encode" || stage == "structure" || stage == "occupancy" || stage == "latent" ||
           stage == "gaussians";
}

void stages(TextPage& page, const std::vector<storage::Percentiles>& stages) {
    if (stages.empty()) return;
    page.heading("Stages");
    double device = 0;
    for (const auto& stage : stages)
        if (runs_on_device(stage.stage)) device += stage.total;
    std::vector<Row> rows{{{"stage", kFaint},
                           {"runs", kFaint},
                           {"p50", kFaint},
                           {"p90", kFaint},
                           {"p99", kFaint},
                           {"of device", kFaint}}};
    for (const auto& stage : stages) {
        const bool counts = device > 0 && runs_on_device(stage.stage);
        rows.push_back({{stage.stage},
                        {grouped(stage.count)},
                        {duration(stage.p50)},
                        {duration(stage.p90)},
                        {duration(stage.p99)},
                        {counts ? percent(stage.total / device) : "-"}});
    }
    page.table({{}, {.leaves = 3}, {}, {.leaves = 1}, {.leaves = 2}, {.leaves = 4}}, rows);
}

std::string_view style_of(storage::Calibration::State state) {
    using State = storage::Calibration::State;
    if (state == State::broken) return kRed;
    return state == State::calibrated ? kGreen : kYellow;
}

// "+0.012"
std::string signed_text(double value) { return (value < 0 ? "" : "+") + fixed(value, 3); }

// By kind over all validators; by kind and validator where these alone are left.
void predictions(TextPage& page, const std::vector<storage::PredictionGroup>& groups) {
    if (groups.empty()) return;
    const bool of_all = groups.front().validator.empty();
    page.heading("Predicted scores");
    std::vector<Row> rows{{{of_all ? "kind" : "kind, validator", kFaint},
                           {"predicted", kFaint},
                           {"withheld", kFaint},
                           {"pairs", kFaint},
                           {"bias", kFaint},
                           {"error", kFaint},
                           {"right", kFaint}}};
    std::vector<std::pair<std::string, const storage::Calibration*>> states;
    for (const auto& group : groups) {
        if (of_all != group.validator.empty()) continue;
        const auto& found = group.calibration;
        const bool measured = found.pairs >= storage::kLeastPairs;
        auto who = config::printable(of_all ? group.kind : group.kind + " " + group.validator);
        rows.push_back({{who},
                        {grouped(group.predicted)},
                        {grouped(group.withheld)},
                        {grouped(found.pairs)},
                        {measured ? signed_text(found.offset) : "-"},
                        {measured ? fixed(found.error, 3) : "-"},
                        {grouped(group.sides.right) + " of " + grouped(group.sides.judged)}});
        states.emplace_back(config::shortened(who, 24), &found);
    }
    page.table({{}, {.leaves = 4}, {.leaves = 3}, {.leaves = 5}, {.leaves = 1}, {.leaves = 2}, {}},
               rows);
    for (const auto& [who, found] : states)
        page.paragraph("  " + who + ": " + words(*found), style_of(found->state), 4);
}

std::string ago(std::optional<Milliseconds> at, Milliseconds now) {
    if (!at) return "-";
    return duration(double(std::max<Milliseconds>(now - *at, 0))) + " ago";
}

std::string period(const storage::Statistics& statistics) {
    if (!statistics.first || !statistics.newest) return "";
    return minute_utc(*statistics.first) + " to " + minute_utc(*statistics.newest) + " UTC";
}

}  // namespace

bool predicts(const storage::Statistics& statistics) {
    return !statistics.predictions.empty() || statistics.all.candidates > 0 ||
           statistics.all.withheld > 0;
}

std::string render_table(const storage::Statistics& statistics, const TableOptions& options) {
    TextPage page(options.colour, options.width);
    const auto& all = statistics.all;
    if (all.generations == 0) {
        page.paragraph("No generations yet" +
                       (all.skipped ? ", " + grouped(all.skipped) + " tasks skipped" : "") + ".");
        page.paragraph(
            "They show up here once `miner run` or `miner rehearse` has finished a task;");
        page.paragraph("with a span of time or a hotkey given, there may be some outside of it.");
        if (all.skipped == 0) return page.text();
    } else {
        success_line(page, all);
        page.paragraph(period(statistics), kFaint);
        blocks(page, all, options.compact);
        if (!options.scores_note.empty()) page.paragraph("  " + options.scores_note, kFaint, 2);
    }
    groups(page, "By validator", "validator", statistics.by_validator);
    // With a single hotkey it would say everything twice.
    if (statistics.by_hotkey.size() > 1) groups(page, "By hotkey", "hotkey", statistics.by_hotkey);
    groups(page, "By kind", "kind", statistics.by_kind);
    groups(page, "By route", "route", statistics.by_route);
    groups(page, "By day (UTC)", "day", statistics.by_day);
    predictions(page, statistics.predictions);
    stages(page, statistics.stages);
    return page.text();
}

std::string render_contacts(const std::vector<storage::Contact>& contacts, Milliseconds now,
                            const TableOptions& options) {
    if (contacts.empty()) return "";
    TextPage page(options.colour, options.width);
    page.heading("Validators seen");
    std::vector<Row> rows{{{"validator", kFaint},
                           {"calls", kFaint},
                           {"failed", kFaint},
                           {"last call", kFaint},
                           {"cool-down", kFaint}}};
    for (const auto& contact : contacts) {
        const auto left = contact.cooldown_until - now / 1000;
        rows.push_back({{config::printable(contact.validator)},
                        {grouped(contact.calls)},
                        {grouped(contact.failures)},
                        {ago(contact.last_call, now)},
                        {left > 0 ? duration(double(left) * 1e3) : "-"}});
    }
    page.table({{}, {.leaves = 3}, {.leaves = 2}, {}, {.leaves = 1}}, rows);
    for (const auto& contact : contacts) {
        if (contact.last_error.empty()) continue;
        page.paragraph("  " + config::shortened(config::printable(contact.validator), 12) +
                           " failed " + ago(contact.last_failure, now) + ": " +
                           config::printable(contact.last_error, 200),
                       kFaint, 4);
    }
    return page.text();
}

}  // namespace miner
