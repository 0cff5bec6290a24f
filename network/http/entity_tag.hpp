// Entity tags (RFC 9110, 8.8.3): names of what an answer holds, by which a client asks whether what
// it has is still right. Pure.
#pragma once

#include "network/http/message.hpp"

#include <string_view>

namespace network {

// Whether an If-None-Match among a request's headers names `tag`, which has its quotes and is
// strong, or is "*": then a GET or HEAD that would be answered with 200 is answered with 304 (RFC
// 9110, 13.1.2). Weak tags are as good as strong ones. A list counts up to where it is none.
bool names_entity_tag(const HttpHeaders& headers, std::string_view tag);

}  // namespace network
