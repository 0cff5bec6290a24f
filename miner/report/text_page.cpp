#include "miner/report/text_page.hpp"

#include "config/escape.hpp"

#include <algorithm>
#include <utility>

namespace miner {
namespace {

constexpr std::string_view kPlain = "\033[0m";
constexpr std::size_t kGap = 2;            // before the first column, and between columns
constexpr std::size_t kShortestFirst = 8;  // of the first column, before others leave

std::string blanks(std::size_t count) { return std::string(count, ' '); }

// As much of `text` as fits into `most` columns, and at least one character; whole words where
// there is a blank to break at.
std::string_view first_line(std::string_view text, std::size_t most) {
    std::size_t fits = 0, word = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t next = at + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80)
            ++next;
        if (text[at] == ' ') word = at;
        if (at > 0 && config::columns(text.substr(0, next)) > most)
            return text.substr(0, word > 0 ? word : fits);
        fits = at = next;
    }
    return text;
}

std::size_t sum_of(const std::vector<std::size_t>& widths, const std::vector<bool>& there) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < widths.size(); ++i)
        if (there[i]) sum += kGap + widths[i];
    return sum;
}

}  // namespace

TextPage::TextPage(bool colour, int width)
    : colour_(colour), width_(std::max(kNarrowest, std::size_t(std::max(width, 0)))) {}

std::string TextPage::painted(std::string_view style, const std::string& text) const {
    if (!colour_ || style.empty() || text.find_first_not_of(' ') == std::string::npos) return text;
    return std::string(style) + text + std::string(kPlain);
}

void TextPage::heading(const std::string& text) {
    if (!empty()) blank();
    paragraph(text, kBold);
}

void TextPage::paragraph(std::string_view text, std::string_view style, std::size_t indent) {
    std::size_t before = 0;
    do {
        const auto part = first_line(text, width_ - before);
        text.remove_prefix(part.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        line(blanks(before) + painted(style, std::string(part)), before + config::columns(part));
        before = indent;
    } while (!text.empty());
}

void TextPage::line(std::string text, std::size_t columns) { add({std::move(text), columns}); }

void TextPage::table(const std::vector<Column>& columns, const std::vector<Row>& rows) {
    const std::size_t count = columns.size();
    std::vector<std::size_t> widths(count, 0);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < count; ++i)
            widths[i] = std::max(widths[i], config::columns(row[i].text));
    std::vector<bool> there(count, true);
    auto preferred = widths;
    for (std::size_t i = 0; i < count; ++i)
        preferred[i] = std::max(widths[i], columns[i].preferred);
    if (sum_of(preferred, there) <= width_) widths = preferred;
    const auto others = [&] { return sum_of(widths, there) - widths[0]; };
    while (others() + std::min(widths[0], kShortestFirst) > width_) {
        std::size_t goes = 0;
        for (std::size_t i = 1; i < count; ++i)
            if (there[i] && columns[i].leaves > columns[goes].leaves) goes = i;
        if (goes == 0) break;
        there[goes] = false;
    }
    const std::size_t left = width_ > others() ? width_ - others() : 0;
    widths[0] = std::min(widths[0], std::max(left, kShortestFirst));
    for (const auto& row : rows) {
        const auto name = config::shortened(row[0].text, widths[0]);
        Line line{blanks(kGap) + painted(row[0].style, name), kGap + widths[0]};
        line.text += blanks(widths[0] - std::min(widths[0], config::columns(name)));
        for (std::size_t i = 1; i < count; ++i) {
            if (!there[i]) continue;
            line.text += blanks(kGap + widths[i] - config::columns(row[i].text)) +
                         painted(row[i].style, row[i].text);
            line.columns += kGap + widths[i];
        }
        add(std::move(line));
    }
}

std::size_t TextPage::columns() const {
    std::size_t most = 0;
    for (const auto& line : lines_) most = std::max(most, line.columns);
    return most;
}

void TextPage::beside(const TextPage& left, const TextPage& right) {
    const auto width = left.columns();
    const auto count = std::max(left.lines_.size(), right.lines_.size());
    for (std::size_t i = 0; i < count; ++i) {
        Line line = i < left.lines_.size() ? left.lines_[i] : Line{};
        if (i < right.lines_.size()) {
            const auto& other = right.lines_[i];
            line.text += blanks(width + kBetween - line.columns) + other.text;
            line.columns = width + kBetween + other.columns;
        }
        add(std::move(line));
    }
}

std::string TextPage::text() const {
    std::string text;
    for (const auto& line : lines_) {
        text += line.text;
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

}  // namespace miner
