#include "network/http/date.hpp"

#include <array>
#include <ctime>

namespace network {

std::string http_date(std::int64_t unix_seconds) {
    const std::time_t seconds = unix_seconds;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    // The program never sets a locale, so these are the English names that HTTP wants.
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string(text.data(), size);
}

}  // namespace network
