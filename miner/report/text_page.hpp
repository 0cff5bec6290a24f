// Lines of text for a terminal of some width: headings, paragraphs, tables whose columns stand in
// line. Pure. Text that is handed in is printable (config/escape.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

inline constexpr std::string_view kBold = "\033[1m";
inline constexpr std::string_view kFaint = "\033[2m";
inline constexpr std::string_view kRed = "\033[31m";
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kYellow = "\033[33m";

class TextPage {
public:
    // Widths below kNarrowest are taken for it.
    static constexpr std::size_t kNarrowest = 24;

    struct Cell {
        std::string text;
        std::string_view style = {};
    };
    using Row = std::vector<Cell>;
    struct Column {
        int leaves = 0;             // where there is no room, the greatest goes first; 0: stays
        std::size_t preferred = 0;  // columns that it takes where there is room
    };

    TextPage(bool colour, int width);

    std::size_t width() const { return width_; }
    std::string painted(std::string_view style, const std::string& text) const;

    // An empty line before it unless it is the first.
    void heading(const std::string& text);
    void blank() { add({}); }
    // Broken at blanks where it is too long; lines after the first are indented by `indent`.
    void paragraph(std::string_view text, std::string_view style = {}, std::size_t indent = 0);
    // As it is: the text may be painted, and takes `columns`.
    void line(std::string text, std::size_t columns);
    // The first column to the left, its middle left out where there is no room; the others to the
    // right, never shortened. Rows have as many cells as there are columns.
    void table(const std::vector<Column>& columns, const std::vector<Row>& rows);

    // An empty one of some width, in the same colours.
    TextPage part(std::size_t width) const { return {colour_, int(width)}; }

    // Columns that the longest line takes.
    std::size_t columns() const;
    // Two pages side by side; what `right` may be wide is width() - left.columns() - kBetween.
    static constexpr std::size_t kBetween = 3;
    void beside(const TextPage& left, const TextPage& right);

    bool empty() const { return lines_.empty(); }
    // No line ends with blanks.
    std::string text() const;

private:
    struct Line {
        std::string text;
        std::size_t columns = 0;
    };
    void add(Line line) { lines_.push_back(std::move(line)); }

    bool colour_;
    std::size_t width_;
    std::vector<Line> lines_;
};

}  // namespace miner
