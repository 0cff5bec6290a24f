// Text from anywhere (paths, names, prompts, errors, headers; any bytes) made fit for where it
// goes: a log line, a terminal, JSON, Prometheus's format. There is no other place that does it;
// the page does it for what it gets from the API (page/words.js). Bytes that are no UTF-8, control
// characters, line separators and characters that turn or hide writing come out as escapes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace config {

inline constexpr std::size_t kWhole = std::string_view::npos;  // a limit that cuts nothing

// True when the text can stand in a line as it is: not empty, no blanks, quotes, '=' or anything
// that is escaped.
bool is_plain(std::string_view text);

// For a terminal and for plain text, on one line: a\nb, \x1b]0;, \u{202e}; quotes and backslashes
// stay. What is longer than `limit` bytes ends in "…".
std::string printable(std::string_view text, std::size_t limit = 2000);

// As `printable`, but line breaks stay line breaks: for our own texts of several lines.
std::string printable_lines(std::string_view text, std::size_t limit = kWhole);

// For a value of a log line: "text" with \n, \", \\, \x1b, \u{202e}. Cut like `printable`.
std::string quoted(std::string_view text, std::size_t limit = 2000);

// A JSON string with its quotes; invalid UTF-8 becomes U+FFFD. Cut like `printable`.
std::string json_quoted(std::string_view text, std::size_t limit = 2000);

// Serialized JSON, which boost::json writes with whatever bytes its strings have: invalid UTF-8
// becomes U+FFFD, and what could steer a terminal that shows it \u009b. Its values stay the same.
std::string json_text(std::string serialized);

// For the value of a Prometheus label, before the serializer escapes quotes and line breaks.
std::string label(std::string_view text, std::size_t limit = 200);

// A field of CSV (RFC 4180): printable, quoted where it must be.
std::string csv_field(std::string_view text);

// Columns of a terminal that `printable` text takes: two for wide characters of East Asia and
// emoji, none for combining marks.
std::size_t columns(std::string_view text);

// The text in at most `most` columns (at least 2): its middle gives way to "..", since both ends
// of an address tell it from others.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace config
