// Text from anywhere made fit for one line of a log, a message or JSON. Bytes that are no UTF-8,
// control characters and characters that turn the direction of writing come out as escapes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace config {

// True when the text can stand in a line as it is: not empty, no blanks, quotes, '=' or anything
// that is escaped.
bool is_plain(std::string_view text);

// "text" with \n, \", \\, \x1b, \u{202e}; what is longer than `limit` bytes ends in "…".
std::string quoted(std::string_view text, std::size_t limit = 2000);

// A JSON string with its quotes; invalid UTF-8 becomes U+FFFD. Cut like `quoted`.
std::string json_quoted(std::string_view text, std::size_t limit = 2000);

}  // namespace config
