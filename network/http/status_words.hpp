// What a peer's refusal says, for a person. Pure.
#pragma once

#include "network/http/message.hpp"

#include <string>

namespace network {

// "HTTP 429 Too Many Requests, retry after 30 s" or "HTTP 301 Moved Permanently, leads to
// https://other.example". Of a Location no more than scheme, host and port: what follows them may
// hold a key. The reason is the standard's, whatever the peer wrote; a Retry-After that is neither
// seconds nor a date goes unmentioned. Printable ASCII, of bounded length.
std::string status_words(unsigned status, const HttpHeaders& headers);

}  // namespace network
