#include "generator/text/normalize.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace generator {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_letter(char32_t c) {
    const auto category = utf8proc_category(utf8proc_int32_t(c));
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_digit(char32_t c) {
    const auto category = utf8proc_category(utf8proc_int32_t(c));
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

// Length of the contraction that `text` begins with; 0 for none.
std::size_t contraction(std::u32string_view text) {
    static constexpr std::array<std::u32string_view, 7> kAll{U"'s", U"'t",  U"'re", U"'ve",
                                                             U"'m", U"'ll", U"'d"};
    for (const auto one : kAll)
        if (text.starts_with(one)) return one.size();
    return 0;
}

// Length of the special token's name at the beginning of `text`; 0 for none.
std::size_t special_name(std::u32string_view text) {
    for (const std::u32string_view one : {U"<|startoftext|>", U"<|endoftext|>"})
        if (text.starts_with(one)) return one.size();
    return 0;
}

}  // namespace

void append_utf8(std::string& out, char32_t code) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto length = utf8proc_encode_char(utf8proc_int32_t(code), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), std::size_t(length));
}

bool is_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

std::u32string code_points(std::string_view utf8) {
    std::u32string text;
    text.reserve(utf8.size());
    const auto* next = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
    auto left = utf8proc_ssize_t(utf8.size());
    while (left > 0) {
        utf8proc_int32_t code = -1;
        const auto length = std::max<utf8proc_ssize_t>(utf8proc_iterate(next, left, &code), 1);
        text += code < 0 ? kReplacement : char32_t(code);
        next += length;
        left -= length;
    }
    return text;
}

std::u32string compose(std::u32string_view text) {
    std::string utf8;
    utf8.reserve(text.size());
    for (const char32_t c : text) append_utf8(utf8, c);
    utf8proc_uint8_t* mapped = nullptr;
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                     utf8proc_ssize_t(utf8.size()), &mapped,
                                     utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
    if (length < 0) throw std::bad_alloc();  // code points leave no other fault
    return code_points({reinterpret_cast<const char*>(mapped), std::size_t(length)});
}

std::u32string normalize(std::string_view prompt) {
    std::u32string text;
    bool in_space = false;
    for (const char32_t c : compose(code_points(prompt))) {
        if (is_space(c)) {
            if (!in_space) text += U' ';
        } else if (c == 0x130) {
            text += U"i\u0307";  // the only one whose lower case is two code points
        } else {
            text += char32_t(utf8proc_tolower(utf8proc_int32_t(c)));
        }
        in_space = is_space(c);
    }
    return text;
}

std::vector<std::u32string_view> words(std::u32string_view text) {
    std::vector<std::u32string_view> result;
    const auto run = [&](std::size_t begin, auto belongs) {
        std::size_t end = begin;
        while (end < text.size() && belongs(text[end])) ++end;
        return end - begin;
    };
    const auto is_other = [](char32_t c) { return !is_space(c) && !is_letter(c) && !is_digit(c); };
    for (std::size_t at = 0; at < text.size();) {
        if (is_space(text[at])) {
            ++at;
            continue;
        }
        if (const auto name = special_name(text.substr(at))) {
            for (const auto& [begin, length] :
                 {std::pair(at, std::size_t{2}), std::pair(at + 2, name - 4),
                  std::pair(at + name - 2, std::size_t{2})})
                result.push_back(text.substr(begin, length));
            at += name;
            continue;
        }
        std::size_t length = contraction(text.substr(at));
        if (length == 0 && is_letter(text[at])) length = run(at, is_letter);
        if (length == 0 && is_digit(text[at])) length = 1;
        if (length == 0) length = run(at, is_other);
        result.push_back(text.substr(at, length));
        at += length;
    }
    return result;
}

}  // namespace generator
