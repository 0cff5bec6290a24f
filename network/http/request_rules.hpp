// What RFC 9110 and 9112 demand of a request's head beyond what Beast's parser looks at. Pure.
// Private to http/.
#pragma once

#include "network/http/message.hpp"

#include <optional>
#include <string_view>

namespace network {

// The refusal that a broken rule demands, after which the connection must end; or nothing. A target
// in absolute form becomes one in origin form, with its host in place of the Host header's.
// `version`: 10 or 11.
std::optional<ServerReply> refuse_by_rule(ServerRequest& request, unsigned version);

// Whether the sender holds the body back until it is told to go on.
bool waits_to_continue(const ServerRequest& request, unsigned version);

// Of the start line of a head that cannot be parsed: whether it is of HTTP/2 or later.
bool is_of_later_version(std::string_view head);

}  // namespace network
