#include "network/http/date.hpp"

#include <array>
#include <ctime>

namespace network {
namespace {

constexpr std::size_t kLongest = 64;
// The program never sets a locale, so names of days and months are the English ones of HTTP.
constexpr const char* kFormat = "%a, %d %b %Y %H:%M:%S GMT";
constexpr const char* kFormats[] = {kFormat, "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    if (text.size() > kLongest) return std::nullopt;
    const std::string copy(text);
    for (const char* format : kFormats) {
        std::tm parts{};
        const char* end = ::strptime(copy.c_str(), format, &parts);
        if (end != nullptr && *end == '\0') return ::timegm(&parts);
    }
    return std::nullopt;
}

std::string http_date(std::int64_t unix_seconds) {
    const std::time_t seconds = unix_seconds;
    std::tm parts{};
    std::array<char, kLongest> text{};
    if (!::gmtime_r(&seconds, &parts)) return {};
    return {text.data(), std::strftime(text.data(), text.size(), kFormat, &parts)};
}

}  // namespace network
