// Dates of HTTP messages (RFC 9110, section 5.6.7). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace network {

// Unix seconds; in the format of today and in both that are obsolete. Empty when it is none.
std::optional<std::int64_t> parse_http_date(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::int64_t unix_seconds);

}  // namespace network
