// Untrusted strings, made to steer whatever shows them, and whether a text still could.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

inline std::vector<std::string> hostile_texts() {
    using namespace std::string_literals;
    return {
        ""s,
        "\x1b]0;pwned\x07"s,  // sets a terminal's title
        "\x1b[2J\x1b[31m"s,   // clears the screen
        "\x9b"
        "2J\xc2\x9b"
        "2J"s,  // the same by one byte, and by its UTF-8
        "a\0b"s,
        "line\nINFO forged\r\x08\x7f\t"s,
        "\"quoted\\ ',{}<b>&amp;</script>"s,
        "\xe2\x80\xae"
        "gnp.exe\xe2\x81\xa6\xd8\x9c"s,                       // turns the writing direction
        "\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xe2\x80\x8b"s,  // separators, and what is not seen
        "\xf3\xa0\x81\x81\xef\xbf\xb9"s,                      // tags, annotations
        "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82"s,  // no UTF-8
        "=cmd|' /C calc'!A0"s,
        std::string(100'000, 'x'),
        std::string(5'000, '\xff'),
        "Grüße 🚀 漢字 e\xcc\x81"s,  // not hostile at all
    };
}

// Control characters (line breaks apart), marks that turn or hide writing, or bytes that are no
// UTF-8. Written apart from config/escape.cpp, so that it cannot share its faults.
inline bool steers(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto at = [&](std::size_t k) {
            return i + k < text.size() ? std::uint8_t(text[i + k]) : 0u;
        };
        const unsigned lead = at(0);
        const unsigned more = lead < 0x80       ? 0
                              : lead >> 5 == 6  ? 1
                              : lead >> 4 == 14 ? 2
                              : lead >> 3 == 30 ? 3
                                                : 9;
        if (more == 9) return true;
        unsigned value = more == 0 ? lead : lead & (0x3fu >> more);
        for (unsigned k = 1; k <= more; ++k) {
            if (at(k) >> 6 != 2) return true;
            value = value << 6 | (at(k) & 63);
        }
        const unsigned least[] = {0, 0x80, 0x800, 0x10000};
        if (value < least[more] || value > 0x10ffff || value >> 11 == 27) return true;
        if ((value < 0x20 && value != '\n') || (value >= 0x7f && value < 0xa0)) return true;
        for (const unsigned mark : {0x61cu, 0x180eu, 0x200bu, 0x200eu, 0x200fu, 0x2028u, 0x2029u,
                                    0x202au, 0x202eu, 0x2066u, 0x2069u, 0xfeffu, 0xfff9u, 0xe0041u})
            if (value == mark) return true;
        i += more + 1;
    }
    return false;
}

}  // namespace tests
