// Header fields between Beast and our own values, and their grammar. Private to http/.
#pragma once

#include "network/http/message.hpp"

#include <boost/beast/http/fields.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace network {

inline HttpHeaders headers_of(const boost::beast::http::fields& fields) {
    HttpHeaders headers;
    for (const auto& field : fields)
        headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    return headers;
}

// RFC 9110, 5.6.2: what methods and field names consist of.
inline bool is_token_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

inline bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// RFC 9110, 5.6.1: the members of a list that may be spread over several lines, without the blanks
// around them, and without empty ones. For lists without quoted strings.
inline std::vector<std::string_view> list_members(const HttpHeaders& headers,
                                                  std::string_view name) {
    std::vector<std::string_view> members;
    for (const auto& [key, value] : headers) {
        if (!same_header_name(key, name)) continue;
        for (std::string_view rest = value; !rest.empty();) {
            auto member = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(member.size() + 1, rest.size()));
            member.remove_prefix(std::min(member.find_first_not_of(" \t"), member.size()));
            member = member.substr(0, member.find_last_not_of(" \t") + 1);
            if (!member.empty()) members.push_back(member);
        }
    }
    return members;
}

}  // namespace network
