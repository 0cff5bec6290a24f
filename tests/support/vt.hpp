// A terminal's screen as one sees it: reads what a program writes, as far as ours write it, in the
// terms of ECMA-48 and xterm. Whatever it does not know is kept, for a test to complain of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tests {

class Vt {
public:
    Vt(int columns, int rows);

    void feed(std::string_view bytes);
    void resize(int columns, int rows);

    // Row 0 is the first; blanks at the end are left out.
    std::string line(int row) const;
    std::string text() const;  // all lines, each with a line break
    int rows() const { return rows_; }

    bool alternate = false;
    bool cursor_visible = true;
    bool wraps = true;
    int scrolled = 0;  // lines that were pushed out of the alternate screen
    std::vector<std::string> unknown;

private:
    using Line = std::vector<std::string>;  // a cell's character; empty: right half of a wide one
    using Grid = std::vector<Line>;

    Grid blank() const { return Grid(std::size_t(rows_), Line(std::size_t(columns_), " ")); }
    void control(char c);
    void sequence(std::string_view body, char final);
    void mode(std::string_view number, bool on);
    void put(std::string_view character);
    void new_line();
    Grid& grid() { return alternate ? other_ : primary_; }

    int columns_, rows_;
    int row_ = 0, column_ = 0, saved_row_ = 0, saved_column_ = 0;
    Grid primary_, other_;
    std::string rest_;  // the beginning of something
};

}  // namespace tests
