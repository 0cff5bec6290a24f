#include "generator/mistaken.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace generator {
namespace {

bool begins_with_tag(std::string_view text, std::string_view tag) {
    return text.size() >= tag.size() &&
           std::equal(tag.begin(), tag.end(), text.begin(), [](char expected, char found) {
               return std::tolower(static_cast<unsigned char>(found)) == expected;
           });
}

}  // namespace

std::string mistaken_for(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kLooked = 1024;
    std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                          std::min(bytes.size(), kLooked));
    if (text.starts_with("version https://git-lfs."))
        return "this is a git-lfs pointer, not the file: fetch the file itself with `git lfs pull`";
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (begins_with_tag(text, "<!doctype html") || begins_with_tag(text, "<html"))
        return "this is an HTML page, not the file: the address that it was downloaded from leads "
               "to a page, such as one that asks for a login";
    return {};
}

}  // namespace generator
