#include "config/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace config {
namespace {

struct Rune {
    char32_t value = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

// The first character of `text`, which is not empty. Overlong forms, surrogates and values past
// U+10FFFF are invalid.
Rune first_rune(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {lead, 1, false};
    char32_t value = lead & (0x7f >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {lead, 1, false};
        value = value << 6 | (byte(i) & 0x3f);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < kLeast[bytes] || value > 0x10ffff || surrogate) return {lead, 1, false};
    return {value, bytes, true};
}

constexpr bool between(char32_t c, char32_t first, char32_t last) {
    return c >= first && c <= last;
}

// Control characters, line and paragraph separators, marks and overrides of the writing direction,
// what has no width, byte-order mark, tags.
bool is_unsafe(char32_t c) {
    return c < 0x20 || between(c, 0x7f, 0x9f) || c == 0x61c || c == 0x180e ||
           between(c, 0x200b, 0x200f) || between(c, 0x2028, 0x202e) || between(c, 0x2060, 0x206f) ||
           c == 0xfeff || between(c, 0xfff9, 0xfffb) || between(c, 0xe0000, 0xe0fff);
}

std::string_view short_escape(char32_t c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
    }
    return {};
}

// Walks over `text` and lets `write(out, rune, bytes)` put each character, up to `limit` bytes.
template <class Write>
void walk(std::string& out, std::string_view text, std::size_t limit, Write write) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Rune rune = first_rune(text.substr(at));
        if (rune.bytes > limit - at) break;
        write(out, rune, text.substr(at, rune.bytes));
        at += rune.bytes;
    }
    if (at < text.size()) out += "…";
}

void write_visible(std::string& out, const Rune& rune, std::string_view bytes) {
    if (rune.valid && !is_unsafe(rune.value)) {
        out += bytes;
    } else if (rune.valid && !short_escape(rune.value).empty()) {
        out += short_escape(rune.value);
    } else if (rune.value < 0x100) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", unsigned(rune.value));
    } else {
        fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", unsigned(rune.value));
    }
}

void write_json_escape(std::string& out, const Rune& rune) {
    auto unit = rune.valid ? unsigned(rune.value) : 0xfffdu;
    if (unit >= 0x10000) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", 0xd800 + ((unit - 0x10000) >> 10));
        unit = 0xdc00 + ((unit - 0x10000) & 0x3ff);
    }
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit);
}

bool is_wide(char32_t c) {
    return between(c, 0x1100, 0x115f) || between(c, 0x2e80, 0xa4cf) || between(c, 0xac00, 0xd7a3) ||
           between(c, 0xf900, 0xfaff) || between(c, 0xfe30, 0xfe6f) || between(c, 0xff00, 0xff60) ||
           between(c, 0xffe0, 0xffe6) || between(c, 0x1f300, 0x1f64f) ||
           between(c, 0x1f900, 0x1f9ff) || between(c, 0x20000, 0x3fffd);
}

bool is_combining(char32_t c) {
    return between(c, 0x300, 0x36f) || between(c, 0x483, 0x489) || between(c, 0x591, 0x5bd) ||
           between(c, 0x610, 0x61a) || between(c, 0x64b, 0x65f) || between(c, 0x1ab0, 0x1aff) ||
           between(c, 0x1dc0, 0x1dff) || between(c, 0x20d0, 0x20ff) || between(c, 0xfe00, 0xfe0f) ||
           between(c, 0xfe20, 0xfe2f);
}

std::size_t columns_of(const Rune& rune) {
    if (is_combining(rune.value)) return 0;
    return is_wide(rune.value) ? 2 : 1;
}

}  // namespace

bool is_plain(std::string_view text) {
    if (text.empty()) return false;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        if (!rune.valid || is_unsafe(rune.value) || !short_escape(rune.value).empty()) return false;
        if (rune.value == ' ' || rune.value == '=') return false;
        text.remove_prefix(rune.bytes);
    }
    return true;
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string out;
    walk(out, text, limit, write_visible);
    return out;
}

std::string printable_lines(std::string_view text, std::size_t limit) {
    std::string out;
    walk(out, text, limit, [](std::string& to, const Rune& rune, std::string_view bytes) {
        if (rune.value == '\n') {
            to += '\n';
        } else {
            write_visible(to, rune, bytes);
        }
    });
    return out;
}

std::string quoted(std::string_view text, std::size_t limit) {
    std::string out = "\"";
    walk(out, text, limit, [](std::string& to, const Rune& rune, std::string_view bytes) {
        if (rune.valid && !short_escape(rune.value).empty()) {
            to += short_escape(rune.value);
        } else {
            write_visible(to, rune, bytes);
        }
    });
    return out += '"';
}

std::string json_quoted(std::string_view text, std::size_t limit) {
    std::string out = "\"";
    out.reserve(std::min(text.size(), limit) + 2);
    walk(out, text, limit, [](std::string& to, const Rune& rune, std::string_view bytes) {
        if (rune.valid && !short_escape(rune.value).empty()) {
            to += short_escape(rune.value);
        } else if (rune.valid && !is_unsafe(rune.value)) {
            to += bytes;
        } else {
            write_json_escape(to, rune);
        }
    });
    return out += '"';
}

std::string json_text(std::string serialized) {
    const auto may_stand = [](char c) { return static_cast<unsigned char>(c) < 0x7f; };
    if (std::all_of(serialized.begin(), serialized.end(), may_stand)) return serialized;
    std::string out;
    out.reserve(serialized.size());
    // Whatever lies beyond ASCII stands inside a string of the JSON, where an escape is the same.
    walk(out, serialized, kWhole, [](std::string& to, const Rune& rune, std::string_view bytes) {
        const bool fit = rune.valid && (rune.value < 0x7f || !is_unsafe(rune.value));
        fit ? void(to += bytes) : write_json_escape(to, rune);
    });
    return out;
}

std::string label(std::string_view text, std::size_t limit) { return printable(text, limit); }

std::string csv_field(std::string_view text) {
    auto field = printable(text);
    if (field.find_first_of(",\"") == std::string::npos) return field;
    std::string in_quotes = "\"";
    for (const char c : field) in_quotes += c == '"' ? std::string("\"\"") : std::string(1, c);
    return in_quotes + "\"";
}

std::size_t columns(std::string_view text) {
    std::size_t sum = 0;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        sum += columns_of(rune);
        text.remove_prefix(rune.bytes);
    }
    return sum;
}

std::string shortened(std::string_view text, std::size_t most) {
    const auto width = columns(text);
    if (width <= most) return std::string(text);
    const std::size_t kept = std::max<std::size_t>(most, 2) - 2;
    std::string begin, end;
    const std::size_t at_end = kept / 2, at_begin = kept - at_end;
    std::size_t column = 0;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        const auto takes = columns_of(rune);
        if (column + takes <= at_begin) begin += text.substr(0, rune.bytes);
        if (column >= width - at_end) end += text.substr(0, rune.bytes);
        column += takes;
        text.remove_prefix(rune.bytes);
    }
    return begin + ".." + end;
}

}  // namespace config
