#include "config/escape.hpp"

#include <fmt/format.h>

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

// Control characters, line and paragraph separators, marks and overrides of the writing direction,
// byte-order mark.
bool is_unsafe(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
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

// Walks over `text` and lets `escape(out, rune)` write what may not stand as it is.
template <class Escape>
std::string in_quotes(std::string_view text, std::size_t limit, Escape escape) {
    std::string out = "\"";
    std::size_t at = 0;
    while (at < text.size()) {
        const Rune rune = first_rune(text.substr(at));
        if (at + rune.bytes > limit) break;
        if (rune.valid && !short_escape(rune.value).empty()) {
            out += short_escape(rune.value);
        } else if (rune.valid && !is_unsafe(rune.value)) {
            out += text.substr(at, rune.bytes);
        } else {
            escape(std::back_inserter(out), rune);
        }
        at += rune.bytes;
    }
    if (at < text.size()) out += "…";
    return out += '"';
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

std::string quoted(std::string_view text, std::size_t limit) {
    return in_quotes(text, limit, [](auto out, const Rune& rune) {
        if (rune.value < 0x100) {
            fmt::format_to(out, "\\x{:02x}", unsigned(rune.value));
        } else {
            fmt::format_to(out, "\\u{{{:x}}}", unsigned(rune.value));
        }
    });
}

std::string json_quoted(std::string_view text, std::size_t limit) {
    return in_quotes(text, limit, [](auto out, const Rune& rune) {
        // Everything unsafe lies below U+10000, so one escape is enough.
        fmt::format_to(out, "\\u{:04x}", rune.valid ? unsigned(rune.value) : 0xfffdu);
    });
}

}  // namespace config
