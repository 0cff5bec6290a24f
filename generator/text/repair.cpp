#include "generator/text/repair.hpp"

#include "generator/text/entities.hpp"
#include "generator/text/normalize.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace generator {
namespace {

constexpr int kMostRounds = 8;  // each undoes one layer; ftfy goes on until nothing changes

// Of 0x80 to 0x9F; what Windows-1252 lacks stands for itself, as in ftfy's "sloppy" codec.
constexpr std::array<char16_t, 32> kWindows1252{
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

// The byte beyond ASCII that a character may have been; nothing for others.
std::optional<unsigned char> byte_of(char32_t c) {
    if (c >= 0x80 && c <= 0xFF) return static_cast<unsigned char>(c);
    const auto* const at = std::find(kWindows1252.begin(), kWindows1252.end(), char16_t(c));
    if (c > 0xFFFF || at == kWindows1252.end()) return std::nullopt;
    return static_cast<unsigned char>(0x80 + (at - kWindows1252.begin()));
}

// A sequence of UTF-8 that begins with one of these letters is never meant: nobody writes a capital
// A with circumflex or tilde before a symbol. Nor are sequences of three and four bytes, nor two in
// a row.
constexpr unsigned char kCertain[] = {0xC2, 0xC3};

// Characters beyond ASCII, one after the other, that may have been bytes; or others.
struct Run {
    std::u32string_view text;
    std::u32string meant;  // as UTF-8; empty if it is none
    bool certain = false;
};

// Bytes beyond ASCII as UTF-8.
void decode(const std::string& bytes, Run& run) {
    const auto* next = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
    auto left = utf8proc_ssize_t(bytes.size());
    while (left > 0) {
        utf8proc_int32_t code = -1;
        const auto length = utf8proc_iterate(next, left, &code);
        if (length < 1) {
            run.meant.clear();
            return;
        }
        run.certain |= length > 2 || std::find(std::begin(kCertain), std::end(kCertain), *next) !=
                                         std::end(kCertain);
        run.meant += char32_t(code);
        next += length;
        left -= length;
    }
    run.certain |= run.meant.size() > 1;
}

std::vector<Run> runs_of(std::u32string_view text) {
    std::vector<Run> runs;
    for (std::size_t at = 0; at < text.size(); at += runs.back().text.size()) {
        const bool ascii = text[at] < 0x80;
        std::string bytes;
        std::size_t end = at;
        for (; end < text.size() && (text[end] < 0x80) == ascii; ++end) {
            const auto byte = byte_of(text[end]);
            if (!ascii && !byte) break;
            if (!ascii) bytes += char(*byte);
        }
        Run run{text.substr(at, std::max<std::size_t>(end - at, 1)), {}, false};
        if (!ascii && !bytes.empty()) decode(bytes, run);
        runs.push_back(std::move(run));
    }
    return runs;
}

// Runs that were bytes of UTF-8 become what these say: those for which nothing else can be meant,
// and where all of a line's can have been bytes, with them the others.
std::u32string without_mojibake(std::u32string_view text) {
    const auto runs = runs_of(text);
    const auto is_ascii = [](const Run& run) { return run.text.front() < 0x80; };
    const bool all =
        std::all_of(runs.begin(), runs.end(),
                    [&](const Run& run) { return is_ascii(run) || !run.meant.empty(); }) &&
        std::any_of(runs.begin(), runs.end(),
                    [](const Run& run) { return run.certain && !run.meant.empty(); });
    std::u32string result;
    for (const auto& run : runs) {
        const bool replaced = !run.meant.empty() && (all || run.certain);
        result += replaced ? std::u32string_view(run.meant) : run.text;
    }
    return result;
}

// A lone capital A with tilde or circumflex before a blank, at the beginning or after a small
// letter, was two bytes whose second, U+00A0, somebody took for that blank: "\u00E0" or itself. Of
// "\u00E0" the blank stays, but for the Portuguese words that begin so.
std::u32string with_nbsp(std::u32string_view text) {
    const auto is_small = [](char32_t c) { return c >= 'a' && c <= 'z'; };
    std::u32string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = text[i];
        const bool lone = (c == 0xC3 || c == 0xC2) && i + 1 < text.size() && text[i + 1] == ' ' &&
                          (i == 0 || is_small(text[i - 1]) ||
                           (i > 1 && is_space(text[i - 1]) && is_small(text[i - 2])));
        if (!lone) {
            result += c;
            continue;
        }
        result += c == 0xC3 ? char32_t(0xE0) : char32_t(0xA0);
        const auto rest = text.substr(i + 2);
        const bool joined = c == 0xC2 || rest.starts_with(U' ') || rest.starts_with(U"quele") ||
                            rest.starts_with(U"quela") || rest.starts_with(U"quilo") ||
                            rest.starts_with(U"s ");
        i += joined ? 1 : 0;
    }
    return result;
}

// U+FB05 is a long s and t; the others as they are pronounced.
std::u32string_view ligature(char32_t c) {
    static constexpr std::pair<char32_t, std::u32string_view> kAll[] = {
        {0x132, U"IJ"},       {0x133, U"ij"},  {0x149, U"\u02BCn"}, {0x1F1, U"DZ"},
        {0x1F2, U"Dz"},       {0x1F3, U"dz"},  {0x1C4, U"D\u017D"}, {0x1C5, U"D\u017E"},
        {0x1C6, U"d\u017E"},  {0x1C7, U"LJ"},  {0x1C8, U"Lj"},      {0x1C9, U"lj"},
        {0x1CA, U"NJ"},       {0x1CB, U"Nj"},  {0x1CC, U"nj"},      {0xFB00, U"ff"},
        {0xFB01, U"fi"},      {0xFB02, U"fl"}, {0xFB03, U"ffi"},    {0xFB04, U"ffl"},
        {0xFB05, U"\u017Ft"}, {0xFB06, U"st"}};
    for (const auto& [from, to] : kAll)
        if (from == c) return to;
    return {};
}

std::u32string usual_width(char32_t c) {
    std::array<utf8proc_int32_t, 32> codes{};
    int last_class = 0;
    const auto count = utf8proc_decompose_char(
        utf8proc_int32_t(c), codes.data(), codes.size(),
        utf8proc_option_t(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), &last_class);
    std::u32string result;
    for (utf8proc_ssize_t i = 0; i < count && i < utf8proc_ssize_t(codes.size()); ++i)
        result += char32_t(codes[std::size_t(i)]);
    return result;
}

bool is_removed(char32_t c) {
    return c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
           (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

// One character for one or more, without a look at its neighbours.
std::u32string simplified(std::u32string_view text) {
    std::u32string result;
    for (char32_t c : text) {
        if (c >= 0x80 && c <= 0x9F) c = kWindows1252[c - 0x80];
        if (const auto letters = ligature(c); !letters.empty())
            result += letters;
        else if (c == 0x3000)
            result += U' ';
        else if (c >= 0xFF01 && c < 0xFFF0)
            result += usual_width(c);
        else if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B))
            result += U'\'';
        else if (c >= 0x201C && c <= 0x201F)
            result += U'"';
        else
            result += c;
    }
    return result;
}

// Length of the colour or movement that `text` begins with: ESC [ digits and semicolons, a letter.
std::size_t terminal_escape(std::u32string_view text) {
    if (!text.starts_with(U"\x1B[")) return 0;
    std::size_t at = 2;
    while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';')) ++at;
    const bool letter = at < text.size() && ((text[at] >= 'a' && text[at] <= 'z') ||
                                             (text[at] >= 'A' && text[at] <= 'Z'));
    return letter ? at + 1 : 0;
}

std::u32string without_controls(std::u32string_view text) {
    std::u32string result;
    for (std::size_t at = 0; at < text.size();) {
        const auto escape = terminal_escape(text.substr(at));
        if (escape == 0 && !is_removed(text[at])) result += text[at];
        at += std::max<std::size_t>(escape, 1);
    }
    return result;
}

std::u32string fixed(std::u32string text, bool references) {
    for (int round = 0; round < kMostRounds; ++round) {
        auto next = references ? unescape_html_strictly(text) : text;
        next = compose(without_controls(simplified(without_mojibake(with_nbsp(next)))));
        if (next == text) break;
        text = std::move(next);
    }
    return text;
}

// Line by line, as references stay where somebody writes tags.
std::u32string fixed_lines(std::u32string_view text) {
    std::u32string result;
    bool references = true;
    while (!text.empty()) {
        const auto end = std::min(text.find(U'\n'), text.size() - 1) + 1;
        const auto line = text.substr(0, end);
        references = references && line.find(U'<') == line.npos;
        result += fixed(std::u32string(line), references);
        text.remove_prefix(end);
    }
    return result;
}

bool is_letter(char32_t c) {
    const auto category = utf8proc_category(utf8proc_int32_t(c));
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

// As Python does it: a sigma at the end of a word has a form of its own.
std::u32string lower(std::u32string_view text) {
    std::u32string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = text[i];
        const bool last =
            i > 0 && is_letter(text[i - 1]) && (i + 1 == text.size() || !is_letter(text[i + 1]));
        if (is_space(c)) {
            if (!result.empty() && result.back() != U' ') result += U' ';
        } else if (c == 0x130) {
            result += U"i\u0307";
        } else if (c == 0x3A3 && last) {
            result += char32_t(0x3C2);
        } else {
            result += char32_t(utf8proc_tolower(utf8proc_int32_t(c)));
        }
    }
    if (result.ends_with(U' ')) result.pop_back();
    return result;
}

}  // namespace

std::u32string repaired_prompt(std::string_view utf8) {
    return lower(unescape_html(unescape_html(fixed_lines(code_points(utf8)))));
}

}  // namespace generator
