#include "network/http/entity_tag.hpp"

#include <algorithm>

namespace network {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kBetween = " \t,";  // empty members are none (RFC 9110, 5.6.1)

void skip(std::string_view& text, std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

// A comma may be part of a tag.
bool list_names(std::string_view list, std::string_view tag) {
    for (skip(list, kBetween); !list.empty(); skip(list, kBetween)) {
        if (list.starts_with("W/")) list.remove_prefix(2);
        const auto end = list.starts_with('"') ? list.find('"', 1) : list.npos;
        if (end == list.npos) return false;
        const auto one = list.substr(0, end + 1);
        list.remove_prefix(end + 1);
        skip(list, kBlanks);
        if (!list.empty() && !list.starts_with(',')) return false;
        if (one == tag) return true;
    }
    return false;
}

}  // namespace

bool names_entity_tag(const HttpHeaders& headers, std::string_view tag) {
    return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
        const auto& [name, value] = header;
        return same_header_name(name, "if-none-match") && (value == "*" || list_names(value, tag));
    });
}

}  // namespace network
