#include "tests/support/vt.hpp"

#include <algorithm>
#include <charconv>
#include <cwchar>

#include <locale.h>

namespace tests {
namespace {

std::size_t bytes_of(unsigned char lead) {
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// Columns, as the C library has them: not by what the program under test believes.
int columns_of(std::string_view character) {
    char32_t rune = (unsigned char)character[0];
    if (character.size() > 1) rune &= 0x7fu >> character.size();
    for (std::size_t i = 1; i < character.size(); ++i)
        rune = rune << 6 | ((unsigned char)character[i] & 0x3fu);
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    const locale_t before = ::uselocale(utf8);
    const int columns = ::wcwidth(wchar_t(rune));
    ::uselocale(before);
    return std::max(columns, 0);
}

int number(std::string_view text, int absent) {
    int value = absent;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

Vt::Vt(int columns, int rows)
    : columns_(columns), rows_(rows), primary_(blank()), other_(blank()) {}

void Vt::resize(int columns, int rows) {
    columns_ = columns;
    rows_ = rows;
    for (Grid* grid : {&primary_, &other_}) {
        grid->resize(std::size_t(rows));
        for (auto& line : *grid) line.resize(std::size_t(columns), " ");
    }
    row_ = std::min(row_, rows - 1);
    column_ = std::min(column_, columns - 1);
}

std::string Vt::line(int row) const {
    std::string text;
    for (const auto& cell : (alternate ? other_ : primary_).at(std::size_t(row))) text += cell;
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string Vt::text() const {
    std::string text;
    for (int row = 0; row < rows_; ++row) text += line(row) + "\n";
    return text;
}

void Vt::new_line() {
    if (++row_ < rows_) return;
    row_ = rows_ - 1;
    if (alternate) ++scrolled;
    grid().erase(grid().begin());
    grid().emplace_back(std::size_t(columns_), " ");
}

void Vt::put(std::string_view character) {
    const int takes = columns_of(character);
    if (takes == 0) {
        if (column_ > 0) grid()[std::size_t(row_)][std::size_t(column_ - 1)] += character;
        return;
    }
    if (column_ + takes > columns_) {
        if (!wraps) {
            column_ = columns_ - takes;
        } else {
            column_ = 0;
            new_line();
        }
    }
    auto& line = grid()[std::size_t(row_)];
    line[std::size_t(column_)] = character;
    if (takes == 2) line[std::size_t(column_ + 1)].clear();
    column_ += takes;
}

void Vt::control(char c) {
    if (c == '\r')
        column_ = 0;
    else if (c == '\n')
        new_line();
    else if (c == '\b')
        column_ = std::max(column_ - 1, 0);
    else
        unknown.push_back("control " + std::to_string(int(c)));
}

void Vt::mode(std::string_view number, bool on) {
    if (number == "?25") {
        cursor_visible = on;
    } else if (number == "?7") {
        wraps = on;
    } else if (number == "?1049") {
        if (on == alternate) return;
        if (on) {
            saved_row_ = row_;
            saved_column_ = column_;
            other_ = blank();
        } else {
            row_ = saved_row_;
            column_ = saved_column_;
        }
        alternate = on;
    } else {
        unknown.push_back("mode " + std::string(number));
    }
}

void Vt::sequence(std::string_view body, char final) {
    const auto semicolon = body.find(';');
    const auto first = body.substr(0, semicolon);
    auto& line = grid()[std::size_t(row_)];
    switch (final) {
        case 'm':
            return;
        case 'H':
            row_ = std::clamp(number(first, 1), 1, rows_) - 1;
            column_ = semicolon == body.npos
                          ? 0
                          : std::clamp(number(body.substr(semicolon + 1), 1), 1, columns_) - 1;
            return;
        case 'K':
            if (body.empty()) {
                std::fill(line.begin() + std::min(column_, columns_), line.end(), " ");
                return;
            }
            break;
        case 'J':
            if (body == "2") {
                grid() = blank();
                return;
            }
            break;
        case 'h':
        case 'l':
            mode(body, final == 'h');
            return;
        default:
            break;
    }
    unknown.push_back(std::string(body) + final);
}

void Vt::feed(std::string_view bytes) {
    rest_ += bytes;
    std::size_t at = 0;
    while (at < rest_.size()) {
        const auto left = std::string_view(rest_).substr(at);
        const auto lead = (unsigned char)left[0];
        if (lead == 0x1b) {
            const auto end = left.size() > 1 && left[1] == '['
                                 ? left.find_first_not_of("0123456789;?", 2)
                                 : left.npos;
            if (end == left.npos) {
                if (left.size() < 2 || left[1] == '[') break;
                unknown.push_back("escape " + std::string(left.substr(1, 1)));
                at += 2;
                continue;
            }
            sequence(left.substr(2, end - 2), left[end]);
            at += end + 1;
        } else if (lead < 0x20 || lead == 0x7f) {
            control(left[0]);
            ++at;
        } else {
            const auto size = bytes_of(lead);
            if (left.size() < size) break;
            put(left.substr(0, size));
            at += size;
        }
    }
    rest_.erase(0, at);
}

}  // namespace tests
