// What CLIP's tokenizer does to a prompt before it looks for words: canonical composition (NFC),
// runs of white space to one space, lower case; then words are cut out. Character properties are
// Unicode's, through utf8proc. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace generator {

// Normalised text as code points. Bytes that are no UTF-8 become U+FFFD. Quadratic in the longest
// run of combining marks, so bound the prompt before.
std::u32string normalize(std::string_view prompt);

// As code points; bytes that are no UTF-8 become U+FFFD.
std::u32string code_points(std::string_view utf8);

// Canonical composition (NFC) of what code_points() gives.
std::u32string compose(std::u32string_view text);

// As the Unicode property White_Space, which regular expressions call \s.
bool is_space(char32_t c);

// The parts that are tokenised one by one, in order, as views into `text`: a contraction ('s 't 're
// 've 'm 'll 'd), a run of letters, one digit, or a run of what is none of these nor white space. A
// special token's name that only lower case made one is no such token: three parts.
std::vector<std::u32string_view> words(std::u32string_view text);

// Appends a code point as UTF-8.
void append_utf8(std::string& out, char32_t code);

}  // namespace generator
