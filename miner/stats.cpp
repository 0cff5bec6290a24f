#include "miner/stats.hpp"

#include "config/escape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <utility>

namespace miner {
namespace {

using storage::Counts;
using storage::Milliseconds;

constexpr int kNarrowest = 72;

constexpr std::string_view kPlain = "\033[0m";
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kFaint = "\033[2m";
constexpr std::string_view kRed = "\033[31m";
constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kYellow = "\033[33m";

// What operators aim for before they go to mainnet, and what is still worth mending.
constexpr double kGood = 0.7;
constexpr double kPoor = 0.5;

// "1,234,567".
std::string grouped(std::int64_t value) {
    std::string digits = std::to_string(value);
    const auto first = std::ptrdiff_t(value < 0);
    for (auto at = std::ptrdiff_t(digits.size()) - 3; at > first; at -= 3) {
        digits.insert(std::size_t(at), ",");
    }
    return digits;
}

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

std::string share_of(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? percent(double(part) / double(whole)) : "";
}

// "850 ms", "12.3 s", "4.2 min", "3.1 h".
std::string duration(double milliseconds) {
    if (milliseconds < 9.95) return fixed(milliseconds, 1) + " ms";
    if (milliseconds < 999.5) return fixed(milliseconds, 0) + " ms";
    if (milliseconds < 119'950) return fixed(milliseconds / 1e3, 1) + " s";
    if (milliseconds < 119.95 * 60e3) return fixed(milliseconds / 60e3, 1) + " min";
    return fixed(milliseconds / 3600e3, 1) + " h";
}

std::string minute_utc(Milliseconds at) {
    const std::time_t seconds = at / 1000;
    std::tm time{};
    std::array<char, 64> text;
    if (!gmtime_r(&seconds, &time)) return "?";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &time)};
}

std::string padded_left(const std::string& text, std::size_t width) {
    return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string padded_right(std::string text, std::size_t width) {
    if (const auto taken = config::columns(text); taken < width) text.append(width - taken, ' ');
    return text;
}

// Lines of a page, with colour only where it is wanted and no blanks at the end.
class Page {
public:
    explicit Page(const TableOptions& options)
        : colour_(options.colour), width_(std::size_t(std::max(options.width, kNarrowest))) {}

    std::size_t width() const { return width_; }

    std::string painted(std::string_view style, const std::string& text) const {
        if (!colour_ || text.find_first_not_of(' ') == std::string::npos) return text;
        return std::string(style) + text + std::string(kPlain);
    }

    void line(std::string text) {
        text.erase(text.find_last_not_of(' ') + 1);
        text_ += text + "\n";
    }
    void heading(const std::string& text) {
        if (!text_.empty()) line("");
        line(painted(kBold, text));
    }

    std::string text() && { return std::move(text_); }

private:
    bool colour_;
    std::size_t width_;
    std::string text_;
};

std::string_view style_of(double success_rate) {
    if (success_rate >= kGood) return kGreen;
    return success_rate >= kPoor ? kYellow : kRed;
}

void success_line(Page& page, const Counts& counts) {
    const double rate = counts.success_rate();
    const auto number = page.painted(style_of(rate), percent(rate));
    page.line(page.painted(kBold, "Success rate") + "  " + page.painted(kBold, number) + "  (" +
              grouped(counts.passed_at_once + counts.retry_passed) + " of " +
              grouped(counts.generations) + " reached the gate)");
}

void count_line(Page& page, const char* label, std::int64_t part, std::int64_t whole,
                std::string_view style = {}) {
    const auto number = padded_left(grouped(part), 12);
    page.line("  " + padded_right(label, 24) +
              (style.empty() || part == 0 ? number : page.painted(style, number)) +
              padded_left(share_of(part, whole), 10));
}

void value_line(Page& page, const char* label, const std::string& value) {
    page.line("  " + padded_right(label, 24) + padded_left(value, 12));
}

void generations(Page& page, const Counts& counts) {
    page.heading("Generations");
    count_line(page, "all", counts.generations, 0);
    count_line(page, "passed at once", counts.passed_at_once, counts.generations, kGreen);
    count_line(page, "sparse at first", counts.sparse_first, counts.generations);
    count_line(page, "retries", counts.retries, 0);
    count_line(page, "retry passed", counts.retry_passed, counts.generations, kGreen);
    count_line(page, "improved, still sparse", counts.retry_improved, counts.generations, kYellow);
    count_line(page, "rejected", counts.rejected, counts.generations, kYellow);
    count_line(page, "errors", counts.errors, counts.generations, kRed);
    if (counts.skipped) count_line(page, "skipped, not counted", counts.skipped, 0);
}

void submissions(Page& page, const Counts& counts) {
    const auto answered = counts.accepted + counts.zero_scores + counts.not_scored;
    page.heading("Submissions");
    count_line(page, "with a result", counts.submissions, 0);
    count_line(page, "accepted", counts.accepted, answered, kGreen);
    count_line(page, "score zero", counts.zero_scores, answered, kRed);
    if (counts.not_scored) count_line(page, "not scored", counts.not_scored, answered, kYellow);
    if (counts.accepted + counts.zero_scores > 0) {
        value_line(page, "mean score", fixed(counts.mean_score, 3));
        value_line(page, "median score", fixed(counts.median_score, 3));
    }
    const auto tenths = std::llround(std::clamp(counts.reward, 0.0, 1e15) * 10);
    value_line(page, "reward as reported",
               grouped(tenths / 10) + "." + std::to_string(tenths % 10));
}

// Columns that fit what stands in them: the first to the left and shortened when it must be, the
// others to the right.
using Row = std::vector<std::string>;

std::vector<std::size_t> widths(const std::vector<Row>& rows, std::size_t page_width) {
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], config::columns(row[i]));
    }
    std::size_t others = 2;
    for (std::size_t i = 1; i < widths.size(); ++i) others += widths[i] + 2;
    const std::size_t left = page_width > others ? page_width - others : 0;
    widths[0] = std::min(widths[0], std::max<std::size_t>(left, 8));
    return widths;
}

void columns(Page& page, const std::vector<Row>& rows) {
    const auto width = widths(rows, page.width());
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::string line = "  " + padded_right(config::shortened(rows[r][0], width[0]), width[0]);
        for (std::size_t i = 1; i < rows[r].size(); ++i) {
            line += "  " + padded_left(rows[r][i], width[i]);
        }
        page.line(r == 0 ? page.painted(kFaint, line) : line);
    }
}

void groups(Page& page, const char* title, const char* first_column,
            const std::vector<storage::Group>& groups) {
    if (groups.empty()) return;
    page.heading(title);
    std::vector<Row> rows{
        {first_column, "made", "success", "sent", "accepted", "zero", "mean", "median"}};
    for (const auto& [name, counts] : groups) {
        const bool scored = counts.accepted + counts.zero_scores > 0;
        rows.push_back({config::printable(name), grouped(counts.generations),
                        counts.generations ? percent(counts.success_rate()) : "-",
                        grouped(counts.submissions), grouped(counts.accepted),
                        grouped(counts.zero_scores), scored ? fixed(counts.mean_score, 3) : "-",
                        scored ? fixed(counts.median_score, 3) : "-"});
    }
    columns(page, rows);
}

void stages(Page& page, const std::vector<storage::Percentiles>& stages) {
    if (stages.empty()) return;
    page.heading("Stages");
    std::vector<Row> rows{{"stage", "runs", "p50", "p90", "p99"}};
    for (const auto& stage : stages) {
        rows.push_back({stage.stage, grouped(stage.count), duration(stage.p50), duration(stage.p90),
                        duration(stage.p99)});
    }
    columns(page, rows);
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

std::string render_table(const storage::Statistics& statistics, const TableOptions& options) {
    Page page(options);
    const auto& all = statistics.all;
    if (all.generations == 0) {
        page.line("No generations yet" +
                  (all.skipped ? ", " + grouped(all.skipped) + " tasks skipped" : std::string()) +
                  ".");
        page.line("They show up here once `miner run` or `miner rehearse` has finished a task;");
        page.line("with a span of time or a hotkey given, there may be some outside of it.");
        if (all.skipped == 0) return std::move(page).text();
    } else {
        success_line(page, all);
        page.line(page.painted(kFaint, period(statistics)));
        generations(page, all);
        submissions(page, all);
    }
    groups(page, "By validator", "validator", statistics.by_validator);
    // With a single hotkey it would say everything twice.
    if (statistics.by_hotkey.size() > 1) groups(page, "By hotkey", "hotkey", statistics.by_hotkey);
    groups(page, "By kind", "kind", statistics.by_kind);
    groups(page, "By route", "route", statistics.by_route);
    groups(page, "By day (UTC)", "day", statistics.by_day);
    stages(page, statistics.stages);
    return std::move(page).text();
}

std::string render_contacts(const std::vector<storage::Contact>& contacts, Milliseconds now,
                            const TableOptions& options) {
    if (contacts.empty()) return "";
    Page page(options);
    page.heading("Validators seen");
    std::vector<Row> rows{{"validator", "calls", "failed", "last call", "cool-down"}};
    for (const auto& contact : contacts) {
        const auto left = contact.cooldown_until - now / 1000;
        rows.push_back({config::printable(contact.validator), grouped(contact.calls),
                        grouped(contact.failures), ago(contact.last_call, now),
                        left > 0 ? duration(double(left) * 1e3) : "-"});
    }
    columns(page, rows);
    for (const auto& contact : contacts) {
        if (contact.last_error.empty()) continue;
        const auto prefix = "  " + config::shortened(config::printable(contact.validator), 12) +
                            " failed " + ago(contact.last_failure, now) + ": ";
        page.line(page.painted(kFaint, prefix + config::printable(contact.last_error, 200)));
    }
    return std::move(page).text();
}

}  // namespace miner
