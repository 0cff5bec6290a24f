// The date as HTTP writes it. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace network {

// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110, 5.6.7) of Unix seconds.
std::string http_date(std::int64_t unix_seconds);

}  // namespace network
